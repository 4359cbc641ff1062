"""Networks by name, and a user's own by `path.py:function` or as a function."""

from __future__ import annotations

import ast
import difflib
import importlib
import runpy
import traceback
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from inkdigits.datasets.labelled import CLASSES
from inkdigits.errors import NetworkError

if TYPE_CHECKING:
    import keras

    from inkdigits.networks.layer_configs import LayerConfig

__all__ = [
    "NETWORKS",
    "Network",
    "build_network",
    "check_network_name",
    "folder_name",
    "is_function_network",
    "is_own_network",
    "layers_of",
    "network_name",
]

# A name, `path.py:function`, or a function from an input shape, (28, 28, 1) or (1, 28, 28), to a Keras model.
Network: TypeAlias = "str | Callable[[tuple[int, int, int]], keras.Model]"

# The module of each network.
NETWORKS: Mapping[str, str] = {"dense": "dense", "cnn": "cnn", "convnet": "convnet", "reader": "reader_network"}


# Before the name of a function that a caller passed: it is in no file that could be named.
_FUNCTION = "<function>:"


def network_name(network: Network) -> str:
    """How records name `network`: as it is, or `<function>:NAME` for a function. Raises `NetworkError` for others."""
    if isinstance(network, str):
        return network
    if not callable(network):
        raise NetworkError(
            f"network: expected a name, path.py:function or a function of the input shape, got {type(network).__name__}"
        )
    return f"{_FUNCTION}{getattr(network, '__name__', type(network).__name__)}"


def is_function_network(name: str) -> bool:
    """Whether `name` is that of a function that a caller passed."""
    return name.startswith(_FUNCTION)


def is_own_network(name: str) -> bool:
    """Whether `name` points to a user's own network, as in `my_nets.py:tiny`."""
    return ".py:" in name


def check_network_name(network: Network) -> None:
    """Raise `NetworkError` unless `network` is a function, a known name or that of an existing file.

    Does not import Keras.
    """
    name = network_name(network)
    if not isinstance(network, str):
        return
    if is_function_network(name):
        raise NetworkError(f"{name}: was passed as a function, and its code is kept nowhere: pass it again, network=")
    if is_own_network(name):
        if not _own_parts(name)[0].is_file():
            raise NetworkError(f"{name}: no such file as {_own_parts(name)[0]}, expected path.py:function")
    elif name not in NETWORKS:
        if name.endswith(".py") and Path(name).is_file():
            raise NetworkError(f"{name}: names no function in it: expected {name}:{_first_function(Path(name))}")
        near = difflib.get_close_matches(name, NETWORKS, n=1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        raise NetworkError(
            f"unknown network {name!r}{hint}: expected one of {', '.join(NETWORKS)}, or path.py:function"
        )


def _first_function(path: Path) -> str:
    """The name of the first public function in a Python file, or `function` where none is found."""
    try:
        nodes = ast.parse(path.read_bytes()).body
    except (OSError, SyntaxError, ValueError):
        return "function"
    names = [node.name for node in nodes if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]
    return names[0] if names else "function"


def folder_name(network: Network) -> str:
    """The network's name as a part of a folder's name: `my_nets-tiny` for `nets/my_nets.py:tiny`."""
    name = network_name(network).removeprefix(_FUNCTION).strip("<>")
    if not is_own_network(name):
        return name
    path, function = _own_parts(name)
    return f"{path.stem}-{function}"


def build_network(network: Network, scope: Callable[[], AbstractContextManager[None]] = nullcontext) -> keras.Model:
    """The untrained `network`, with its channels as `keras.config.image_data_format()` says.

    Its variables are created inside `scope`, which decides their devices. Raises `NetworkError` when a user's own
    network cannot be built or does not map (n, 28, 28, 1) to (n, 10).
    """
    import keras

    check_network_name(network)
    first = keras.config.image_data_format() == "channels_first"
    input_shape = (1, 28, 28) if first else (28, 28, 1)
    with scope():
        model = _built(network, input_shape)
    return model if network in NETWORKS else _checked(model, network_name(network))


def layers_of(name: str) -> tuple[LayerConfig, ...]:
    """The layers of `dense` or `cnn`, which are described without Keras."""
    layers: tuple[LayerConfig, ...] = importlib.import_module(f"inkdigits.networks.{NETWORKS[name]}").LAYERS
    return layers


def _built(network: Network, input_shape: tuple[int, int, int]) -> Any:
    if not isinstance(network, str):
        return _call_own(network, input_shape, network_name(network))
    name = network
    if not is_own_network(name):
        return importlib.import_module(f"inkdigits.networks.{NETWORKS[name]}").build(input_shape)
    return _build_own(name, input_shape)


def _own_parts(name: str) -> tuple[Path, str]:
    path, _, function = name.rpartition(":")
    return Path(path), function


def _build_own(name: str, input_shape: tuple[int, int, int]) -> Any:
    path, function = _own_parts(name)
    try:
        build = runpy.run_path(str(path)).get(function)
    except Exception as error:  # a user's own code may raise anything
        raise NetworkError(f"{name}: {_where(error)} raised {type(error).__name__}: {error}") from error
    if not callable(build):
        raise NetworkError(f"{name}: {path} defines no function {function!r}")
    return _call_own(build, input_shape, name)


def _call_own(build: Callable[[tuple[int, int, int]], Any], input_shape: tuple[int, int, int], name: str) -> Any:
    try:
        return build(input_shape)
    except Exception as error:  # a user's own code may raise anything
        raise NetworkError(f"{name}: {_where(error)} raised {type(error).__name__}: {error}") from error


def _where(error: Exception) -> str:
    """The file and line of a user's own code, with its text, at which `error` was raised."""
    if isinstance(error, SyntaxError):
        return f"{error.filename}, line {error.lineno}"
    # The innermost frame that belongs to no library.
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_own(frame.filename)]
    return f"{frames[-1].filename}, line {frames[-1].lineno} ({frames[-1].line})" if frames else "it"


def _is_own(filename: str) -> bool:
    return not {"site-packages", "inkdigits"} & set(Path(filename).parts) and not filename.startswith("<frozen")


def _checked(model: Any, name: str) -> keras.Model:
    import keras

    if not isinstance(model, keras.Model):
        raise NetworkError(f"{name}: expected the function to return a keras.Model, got {type(model).__name__}")
    if not model.built or tuple(model.output_shape) != (None, CLASSES):
        shape = model.output_shape if model.built else "not built: start it with keras.Input(input_shape)"
        raise NetworkError(f"{name}: expected an output of shape (None, {CLASSES}), got {shape}")
    _check_probabilities(model, name)
    return model


def _check_probabilities(model: keras.Model, name: str) -> None:
    """Raise `NetworkError` unless the untrained network maps two pictures of noise to probabilities."""
    noise = np.random.default_rng(0).random((2, *model.input_shape[1:]), np.float32)
    outputs = np.asarray(model.predict(noise, verbose=0))
    sums = outputs.sum(axis=1)
    if (outputs < 0).any() or not np.allclose(sums, 1, atol=1e-3):
        raise NetworkError(
            f"{name}: its ten outputs are not probabilities (they sum to {sums[0]:.3g}): end it in a softmax"
        )

"""Networks by name, and a user's own by `path.py:function`."""

from __future__ import annotations

import ast
import difflib
import importlib
import runpy
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inkdigits.datasets.labelled import CLASSES
from inkdigits.errors import NetworkError

if TYPE_CHECKING:
    import keras

__all__ = ["NETWORKS", "build_network", "check_network_name", "folder_name", "is_own_network"]

# The module of each network.
NETWORKS: Mapping[str, str] = {"dense": "dense", "cnn": "cnn", "convnet": "convnet", "reader": "reader_network"}


def is_own_network(name: str) -> bool:
    """Whether `name` points to a user's own network, as in `my_nets.py:tiny`."""
    return ".py:" in name


def check_network_name(name: str) -> None:
    """Raise `NetworkError` unless `name` is known or points to an existing file. Does not import Keras."""
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


def folder_name(name: str) -> str:
    """The network's name as a part of a folder's name: `my_nets-tiny` for `nets/my_nets.py:tiny`."""
    if not is_own_network(name):
        return name
    path, function = _own_parts(name)
    return f"{path.stem}-{function}"


def build_network(name: str, scope: Callable[[], AbstractContextManager[None]] = nullcontext) -> keras.Model:
    """The untrained network `name`, with its channels as `keras.config.image_data_format()` says.

    Its variables are created inside `scope`, which decides their devices. Raises `NetworkError` when a user's own
    network cannot be built or does not map (n, 28, 28, 1) to (n, 10).
    """
    import keras

    check_network_name(name)
    first = keras.config.image_data_format() == "channels_first"
    input_shape = (1, 28, 28) if first else (28, 28, 1)
    with scope():
        model = _built(name, input_shape)
    return _checked(model, name) if is_own_network(name) else model


def _built(name: str, input_shape: tuple[int, int, int]) -> Any:
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
        if not callable(build):
            raise NetworkError(f"{name}: {path} defines no function {function!r}")
        return build(input_shape)
    except NetworkError:
        raise
    except Exception as error:  # a user's own code may raise anything
        raise NetworkError(f"{name}: {path} raised {type(error).__name__}: {error}") from error


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

"""The Keras backend and its devices: chosen before Keras is imported, since they cannot be changed afterwards."""

from __future__ import annotations

import importlib.util
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from inkdigits.errors import MissingExtraError, NetworkError, require_extra
from inkdigits.training.compilation_cache import enable_compilation_cache

__all__ = [
    "ALL_DEVICES",
    "AUTO",
    "BACKENDS",
    "NUMPY_BACKEND",
    "WITHOUT_KERAS",
    "Backend",
    "as_backend",
    "choose_backend",
    "installed_backends",
    "start_keras",
    "with_gradients",
]

BACKENDS = ("jax", "tensorflow", "torch")
# Keras's own NumPy backend, which Keras calls numpy: it computes no gradients and compiles nothing.
NUMPY_BACKEND = "keras-numpy"
# None: the NumPy engine computes by itself. What needs Keras afterwards starts it on the default backend.
WITHOUT_KERAS = "numpy"
AUTO = "auto"
ALL_DEVICES = "all"
# Keras's NumPy backend convolves with JAX.
_EXTRAS = {"jax": "train", "tensorflow": "tensorflow", "torch": "torch", NUMPY_BACKEND: "train"}


@dataclass(frozen=True)
class Backend:
    """What Keras runs on."""

    name: str = "jax"  # jax, tensorflow, torch or keras-numpy; numpy: without Keras; auto: see Engine.resolve_backend
    device: str = "auto"  # auto: a GPU where there is one; cpu: never a GPU
    deterministic: bool = False  # bit-identical results on a GPU and on TensorFlow too
    image_data_format: str | None = None  # channels_last or channels_first; None: as Keras says, or last
    devices: int | str = 1  # among which batches are divided, on JAX; or all

    def __post_init__(self) -> None:
        if self.name not in (NUMPY_BACKEND, WITHOUT_KERAS, AUTO):
            _check_choice("backend", self.name, BACKENDS)
        _check_choice("device", self.device, ("auto", "cpu"))
        _check_choice("image_data_format", self.image_data_format, (None, "channels_last", "channels_first"))
        _check_devices(self.devices, self.name)

    @property
    def keras_name(self) -> str:
        """What Keras calls it, and the library that computes."""
        return "numpy" if self.name == NUMPY_BACKEND else self.name


def as_backend(backend: Backend | str | None) -> Backend | None:
    """`backend` itself, or the one of that name. Raises `NetworkError` for an unknown one."""
    if backend is None or isinstance(backend, Backend):
        return backend
    if not isinstance(backend, str):
        raise NetworkError(f"backend: expected a name, such as 'jax', or a Backend, got {type(backend).__name__}")
    return Backend(backend)


def _check_choice(what: str, value: object, known: tuple[object, ...]) -> None:
    if value not in known:
        raise NetworkError(f"unknown {what} {value!r}: expected one of {', '.join(str(k) for k in known if k)}")


def _check_devices(devices: int | str, backend: str) -> None:
    if devices != ALL_DEVICES and not (isinstance(devices, int) and devices >= 1):
        raise NetworkError(f"--devices: expected a number from 1, or all, got {devices}")
    if devices != 1 and backend not in ("jax", AUTO):
        raise NetworkError(
            f"--devices {devices}: only jax divides a training among devices, not {backend}: choose --backend jax"
        )


def installed_backends() -> list[str]:
    """The backends that can be imported, the default first. Imports none of them."""
    return [name for name in BACKENDS if importlib.util.find_spec(name) is not None]


def choose_backend(name: str | None = None) -> str:
    """The backend's name: `name`, else the running one, else KERAS_BACKEND, else the first that is installed."""
    if name:
        return name
    if "keras" in sys.modules:
        return _running()
    if named := os.environ.get("KERAS_BACKEND"):
        if named == "numpy":
            return NUMPY_BACKEND
        if named not in BACKENDS:
            raise NetworkError(f"KERAS_BACKEND={named}: expected one of {', '.join(BACKENDS)}")
        return named
    installed = installed_backends()
    if not installed:
        raise MissingExtraError("training needs a Keras backend, and none is installed: pip install 'inkdigits[train]'")
    return installed[0]


def with_gradients(backend: Backend) -> Backend:
    """`backend`, or the default in its place where it computes no gradients."""
    return replace(backend, name=choose_backend()) if backend.name in (NUMPY_BACKEND, WITHOUT_KERAS) else backend


def start_keras(backend: Backend) -> float:
    """Import Keras on `backend` and return the seconds that took; nearly zero when it was imported before.

    A backend that names none of Keras's, `AUTO` or `WITHOUT_KERAS`, is the default.

    Raises `MissingExtraError` when it is not installed, `NetworkError` when Keras runs on another backend already.
    """
    require_extra("keras", "train", "training")
    backend = replace(backend, name=choose_backend()) if backend.name in (AUTO, WITHOUT_KERAS) else backend
    require_extra(backend.keras_name, _EXTRAS[backend.name], f"the {backend.name} backend")
    started = time.perf_counter()
    if "keras" not in sys.modules:
        os.environ.update(_environment(backend))
        with _hidden("sklearn", "pandas", "matplotlib"):
            import keras
    import keras

    if _running() != backend.name:
        raise NetworkError(
            f"Keras runs on {_running()} in this process already and cannot change to {backend.name}: start a new "
            "process"
        )
    _apply(backend)
    if backend.image_data_format:
        keras.config.set_image_data_format(backend.image_data_format)
    return time.perf_counter() - started


def _running() -> str:
    import keras

    name = str(keras.backend.backend())
    return NUMPY_BACKEND if name == "numpy" else name


@contextmanager
def _hidden(*modules: str) -> Iterator[None]:
    """Let `modules` seem not to be installed: Keras imports them only to offer wrappers for them.

    Measured: 2.7 s become 1.1 s for `import keras` on JAX (docs/log.md).
    """
    absent = [module for module in modules if module not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]  # None is how Python marks a blocked import
    try:
        yield
    finally:
        for module in absent:
            del sys.modules[module]


def _environment(backend: Backend) -> dict[str, str]:
    """Environment variables to set before the backend is imported."""
    wanted = {
        "KERAS_BACKEND": backend.keras_name,
        # Take GPU memory as it is needed, not all of it: the exercise's `allow_growth`.
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
        "TF_FORCE_GPU_ALLOW_GROWTH": "true",
        "TF_CPP_MIN_LOG_LEVEL": os.environ.get("TF_CPP_MIN_LOG_LEVEL", "2"),
    }
    if backend.device == "cpu":
        wanted |= {"JAX_PLATFORMS": "cpu", "KERAS_TORCH_DEVICE": "cpu"}
    if backend.deterministic:
        flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_gpu_deterministic_ops=true".strip()
        wanted |= {"XLA_FLAGS": flags, "CUBLAS_WORKSPACE_CONFIG": ":4096:8"}
    return wanted


def _apply(backend: Backend) -> None:
    """Settings that need the imported backend."""
    if backend.name in ("jax", NUMPY_BACKEND):
        enable_compilation_cache()
    if backend.name == "tensorflow":
        import tensorflow

        if backend.device == "cpu":
            tensorflow.config.set_visible_devices([], "GPU")
        if backend.deterministic:
            tensorflow.config.experimental.enable_op_determinism()
    elif backend.name == "torch" and backend.deterministic:
        import torch

        torch.use_deterministic_algorithms(True)

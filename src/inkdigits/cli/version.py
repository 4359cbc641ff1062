"""What `inkdigits --version` prints."""

from __future__ import annotations

import importlib.util
from importlib.metadata import version

from inkdigits.training.backend import NUMPY_BACKEND, choose_backend, installed_backends

__all__ = ["version_lines"]


def version_lines() -> list[str]:
    """The version, the Keras backends that are installed, and the devices that a training would use."""
    backends = installed_backends()
    lines = [f"inkdigits {version('inkdigits')}"]
    if importlib.util.find_spec("keras"):
        lines.append(f"keras {version('keras')}")
    if not backends:
        return [*lines, "backends: none (training needs one: pip install 'inkdigits[train]')"]
    lines.append("backends: " + ", ".join(f"{name} {version(name)}" for name in backends))
    chosen = choose_backend()
    if chosen not in (*backends, NUMPY_BACKEND):
        return [*lines, f"devices ({chosen}): none, it is not installed: see KERAS_BACKEND"]
    return [*lines, f"devices ({chosen}): " + ", ".join(_devices(chosen))]


def _devices(backend: str) -> list[str]:
    if backend == "jax":
        import jax

        return [f"{device.platform}:{device.id}" for device in jax.devices()]
    if backend == "torch":
        import torch

        return ["cpu", *(f"cuda:{index}" for index in range(torch.cuda.device_count()))]
    if backend != "tensorflow":
        return ["cpu"]
    import tensorflow

    return [device.name for device in tensorflow.config.list_physical_devices()]

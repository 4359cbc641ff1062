"""Compare the predictions of a written file with those of the network that it was written from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import ExportError
from inkdigits.networks.inputs import to_inputs

if TYPE_CHECKING:
    import keras

    from inkdigits.networks.plain_network import PlainNetwork

__all__ = ["FOLDED_TOLERANCE", "PICTURES", "TOLERANCE", "Classify", "check_parity", "exact_probabilities"]

PICTURES = 1000  # how many are compared
TOLERANCE = 1e-5  # differences of two probabilities below it are rounding
# The same for a network whose standardization of pixels was folded into its first layer: of pixels that hardly vary the
# weights and the bias become large, and their rounding was seen to reach 1.5e-5 (docs/log.md, 2026-11-30).
FOLDED_TOLERANCE = 1e-4

Classify = Callable[[NDArray[np.uint8]], NDArray[Any]]


def check_parity(
    model: keras.Model | PlainNetwork,
    predict_proba: Classify,
    pictures: NDArray[np.uint8],
    reference: Classify | None = None,
    tolerance: float = TOLERANCE,
) -> float:
    """The largest difference between the probabilities of `model` and of `predict_proba` on `pictures`.

    The former are those of `reference`, by default Keras's. Raises `ExportError` when it is `tolerance` or more, or if
    a most probable class differs.
    """
    expected = reference(pictures) if reference else exact_probabilities(model, pictures)
    found = predict_proba(pictures)
    difference = float(np.abs(expected - found).max(initial=0))
    # Where the two most probable classes are almost equal, rounding may swap them.
    classes, rows = found.argmax(axis=1), np.arange(len(pictures))
    swapped = expected.max(axis=1) - expected[rows, classes] >= tolerance
    if not difference < tolerance or swapped.any():
        raise ExportError(
            f"network {model.name!r}: the written file predicts otherwise than {'NumPy' if reference else 'Keras'}: "
            "probabilities differ by up to "
            f"{difference:.2g} on {len(pictures)} pictures, expected less than {tolerance:g}; nothing was written"
        )
    return difference


def exact_probabilities(model: Any, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The probabilities of `model` for pictures uint8 (n, height, width), at the highest precision of its device."""
    import keras

    inputs = to_inputs(pictures, channels_first=model.input_shape[1] == 1)
    if keras.backend.backend() == "tensorflow":
        # Called layer by layer, TensorFlow hands channels-first convolutions to XLA, which computes some wrongly on a
        # CPU; `predict` does not, and reads the precision whenever it runs.
        with _highest_precision():
            return np.asarray(model.predict(inputs, batch_size=250, verbose=0), np.float32)
    with _highest_precision():
        # Not `predict`, which would use what was compiled before, at whatever precision that was.
        outputs = [model(inputs[i : i + 250], training=False) for i in range(0, len(inputs), 250)]
    return np.concatenate([np.asarray(keras.ops.convert_to_numpy(part), np.float32) for part in outputs])


@contextmanager
def _highest_precision() -> Iterator[None]:
    """No TensorFloat-32 on a GPU, whose 10 bits of mantissa are off by 1e-3."""
    import keras

    backend = keras.backend.backend()
    if backend in ("jax", "numpy"):  # Keras's NumPy backend convolves with JAX
        import jax

        with jax.default_matmul_precision("highest"):
            yield
    elif backend == "torch":
        with _torch_highest_precision():
            yield
    else:
        import tensorflow

        before = tensorflow.config.experimental.tensor_float_32_execution_enabled()
        tensorflow.config.experimental.enable_tensor_float_32_execution(False)
        try:
            yield
        finally:
            tensorflow.config.experimental.enable_tensor_float_32_execution(before)


@contextmanager
def _torch_highest_precision() -> Iterator[None]:
    import torch

    with torch.no_grad(), torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        before = torch.get_float32_matmul_precision()
        torch.set_float32_matmul_precision("highest")
        try:
            yield
        finally:
            torch.set_float32_matmul_precision(before)

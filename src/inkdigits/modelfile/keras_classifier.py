"""A Keras model behind the method `predict_proba`."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import is_zipfile

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import ModelFileError, NetworkError
from inkdigits.networks.inputs import to_inputs

if TYPE_CHECKING:
    import keras

__all__ = ["KerasClassifier", "classifier_of_keras", "load_keras_model", "needs_xla"]

_PIXELS = 28 * 28
# Pictures become four times as large for Keras.
_BATCHES_AT_ONCE = 100


@dataclass(frozen=True)
class KerasClassifier:
    """A Keras model that takes pictures in [0, 1], whose 784 pixels are in any shape, such as (n, 28, 28, 1)."""

    model: keras.Model
    batch_size: int = 1000

    def predict_proba(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Probabilities float32 (n, 10) for pictures uint8 (n, 28, 28)."""
        channels_first = tuple(self.model.input_shape[1:]) == (1, 28, 28)
        if needs_xla(channels_first=channels_first):
            self.model.jit_compile = True
        at_once = _BATCHES_AT_ONCE * self.batch_size
        parts = [
            self._predict(to_inputs(images[start : start + at_once], channels_first))
            for start in range(0, max(1, len(images)), at_once)
        ]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _predict(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        inputs = inputs.reshape(len(inputs), *self.model.input_shape[1:])
        return np.asarray(self.model.predict(inputs, batch_size=self.batch_size, verbose=0), np.float32)


def classifier_of_keras(model: keras.Model) -> KerasClassifier:
    """`model`, which a caller has in memory. Raises `ModelFileError` unless it takes pictures of 28x28 alone."""
    shape = getattr(model, "input_shape", None)  # none before a model is built
    # Of several inputs it is a list of shapes.
    if not isinstance(shape, tuple) or None in shape[1:] or prod(shape[1:]) != _PIXELS:
        raise ModelFileError(
            f"{type(model).__name__} {model.name}: takes inputs of shape {shape}, expected pictures, such as "
            "(None, 28, 28, 1): build it with keras.Input, or wrap it in an object with predict_proba"
        )
    return KerasClassifier(model)


def needs_xla(*, channels_first: bool) -> bool:
    """Whether XLA must compile a model: TensorFlow has no channels-first convolutions on a CPU of its own.

    Keras by itself compiles without XLA where TensorFlow is deterministic.
    """
    import keras

    return channels_first and keras.backend.backend() == "tensorflow"


def load_keras_model(path: Path) -> keras.Model:
    """The Keras model in a `.keras` file; no code in the file is run.

    Raises `NetworkError` when it is missing, damaged or in another format.
    """
    # Keras reports each of these as a file that was not found.
    if not path.is_file():
        raise NetworkError(f"{path}: no such file, expected a Keras model that ends in .keras")
    if path.suffix != ".keras" or not is_zipfile(path):
        raise NetworkError(
            f"{path}: not a Keras model that can be loaded: expected a .keras file, a zip archive inside"
        )
    import keras

    try:
        model: keras.Model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises a dozen kinds for a damaged file
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise NetworkError(f"{path}: not a Keras model that can be loaded: {reason}") from error
    return model

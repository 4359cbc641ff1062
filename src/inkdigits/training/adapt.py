"""Training that starts from another network's weights and mixes a user's own digits with the data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.datasets.large_arrays import gathered, parts_of
from inkdigits.datasets.split import stratified_split
from inkdigits.errors import NetworkError
from inkdigits.stats.scores import accuracy

if TYPE_CHECKING:
    import keras

__all__ = ["Adaptation", "split_added", "start_from"]

# A user's own digits are repeated until they are this fraction of the data, each at most so many times.
_ADDED_FRACTION, _MAX_REPEATS = 0.1, 50


@dataclass(frozen=True)
class Adaptation:
    """A user's own digits: most to train on, some held out for validation."""

    train: LabelledDigits
    validation: LabelledDigits

    def mixed_with(self, digits: LabelledDigits) -> LabelledDigits:
        """`digits` and the user's own, repeated at most 50 times to make up a tenth of `digits`."""
        times = int(np.clip(round(_ADDED_FRACTION * len(digits) / len(self.train)), 1, _MAX_REPEATS))
        return LabelledDigits(
            gathered(part for images in (digits.images, *[self.train.images] * times) for part in parts_of(images)),
            np.concatenate([digits.labels, *[self.train.labels] * times]),
            f"{digits.name} and {self.train.name}",
        )

    def accuracies(self, classifier: Any, validation: LabelledDigits) -> tuple[float, float]:
        """The accuracy in [0, 1] of `classifier`, which has `predict_proba`, on `validation` and on the user's own."""
        of_data, of_added = (
            accuracy(digits.labels, classifier.predict_proba(digits.images)) for digits in (validation, self.validation)
        )
        return of_data, of_added


def split_added(digits: LabelledDigits, seed: int) -> Adaptation:
    """A user's own `digits`, with a fifth of each class held out. Raises `DataError`."""
    return Adaptation(*stratified_split(digits, 0.2, seed))


def start_from(model: keras.Model, source: str | Path) -> None:
    """Give `model` the weights of `source`: `reader` as it is shipped, a run's folder or a `.keras` file.

    Raises `NetworkError` when there is no such file or it holds another network.
    """
    from inkdigits.modelfile.keras_classifier import load_keras_model

    other = load_keras_model(_weights_path(source))
    shapes, expected = ([tuple(w.shape) for w in m.get_weights()] for m in (other, model))
    if shapes != expected:
        raise NetworkError(
            f"{source}: a network {other.name!r} of {other.count_params():,} parameters, expected {model.name!r} "
            f"of {model.count_params():,}: name the network that it was trained as"
        )
    model.set_weights(other.get_weights())


def _weights_path(source: str | Path) -> Path:
    from inkdigits.modelfile.predictor import shipped_keras_model

    shipped = shipped_keras_model(str(source))
    path = shipped or Path(source)
    path = path / "model.keras" if path.is_dir() else path
    if not path.is_file() or path.suffix != ".keras":
        raise NetworkError(
            f"{source}: no trained network to start from: expected reader, a run's folder or a .keras file "
            "(the weights of a model file cannot be trained)"
        )
    return path

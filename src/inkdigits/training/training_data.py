"""The digits of a training: read, split into training and validation, and sampled."""

from __future__ import annotations

import time
from dataclasses import dataclass

from inkdigits.datasets.in_memory import DataSource
from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.datasets.source import load_for_training
from inkdigits.datasets.split import stratified_split
from inkdigits.training.adapt import Adaptation, split_added
from inkdigits.training.loss_sampling import sample_by_loss
from inkdigits.training.recipes import Recipe

__all__ = ["TrainingData", "load_training_data"]

# Fewer digits than these are not sampled.
_MIN_SAMPLE = 5000


@dataclass(frozen=True)
class TrainingData:
    """The data of a training, and what its recipe makes of them."""

    digits: LabelledDigits  # as read
    added: LabelledDigits | None  # a user's own, as read
    adaptation: Adaptation | None  # a user's own, split
    train: LabelledDigits
    validation: LabelledDigits
    sample: LabelledDigits  # of `train`, with the user's own mixed in: what the steps learn from
    seconds: float  # to read and prepare them


def load_training_data(data: DataSource, recipe: Recipe, seed: int, add_data: DataSource | None = None) -> TrainingData:
    """`data`, and `add_data` mixed in, split and sampled as `recipe` and `seed` say. Raises `DataError`."""
    started = time.perf_counter()
    digits = load_for_training(data)
    added = load_for_training(add_data) if add_data is not None else None
    train, validation = stratified_split(digits, recipe.validation_fraction, seed)
    adaptation = split_added(added, seed) if added else None
    mixed = adaptation.mixed_with(train) if adaptation else train
    fraction = max(recipe.loss_sampling_fraction, _MIN_SAMPLE / len(mixed))
    sample = sample_by_loss(mixed, fraction, seed) if fraction < 1 else mixed
    return TrainingData(digits, added, adaptation, train, validation, sample, time.perf_counter() - started)

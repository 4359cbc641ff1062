"""The digits of a training, read and parted: what is learnt from, and what is held out to choose by."""

from __future__ import annotations

import time
from dataclasses import dataclass

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.datasets.source import load_for_training
from inkdigits.datasets.split import stratified_split
from inkdigits.training.adapt import Adaptation, adaptation_of
from inkdigits.training.loss_sampling import sample_by_loss
from inkdigits.training.recipes import Recipe

__all__ = ["Parts", "load_parts"]

# Where there are so few digits, none is superfluous.
_MIN = 5000


@dataclass(frozen=True)
class Parts:
    """What became of the training data."""

    digits: LabelledDigits  # as they came
    added: LabelledDigits | None  # a user's own beside them, as they came
    adaptation: Adaptation | None  # and parted
    train: LabelledDigits
    validation: LabelledDigits
    chosen: LabelledDigits  # of `train`, with the user's own: what the steps learn from
    seconds: float


def load_parts(data: str, recipe: Recipe, seed: int, add_data: str | None = None) -> Parts:
    """Read `data`, and `add_data` beside it, and part them as `recipe` and `seed` say. Raises `DataError`."""
    started = time.perf_counter()
    digits = load_for_training(data)
    added = load_for_training(add_data) if add_data else None
    train, validation = stratified_split(digits, recipe.validation_fraction, seed)
    adaptation = adaptation_of(added, seed) if added else None
    mixed = adaptation.mixed_with(train) if adaptation else train
    share = max(recipe.loss_sampling_fraction, _MIN / len(mixed))
    chosen = sample_by_loss(mixed, share, seed) if share < 1 else mixed
    return Parts(digits, added, adaptation, train, validation, chosen, time.perf_counter() - started)

"""A stratified validation split: the same fraction of every class, chosen by a seed."""

from __future__ import annotations

import numpy as np

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.errors import DataError

__all__ = ["stratified_split"]


def stratified_split(digits: LabelledDigits, fraction: float, seed: int) -> tuple[LabelledDigits, LabelledDigits]:
    """Split `digits` into a training part and a validation part with `fraction` of each class.

    Of each class `fraction` is held out, rounded, at least one picture where it has two or more. Both parts keep the
    order of `digits`. Raises `DataError` when the validation part would be empty.
    """
    held_out = np.zeros(len(digits), bool)
    random = np.random.default_rng([seed, _STREAM])
    for label in np.unique(digits.labels):
        rows = np.flatnonzero(digits.labels == label)
        count = min(max(1, round(len(rows) * fraction)), len(rows) - 1)
        held_out[random.permutation(rows)[:count]] = True
    if not held_out.any():
        raise DataError(f"{digits.name}: too few pictures ({len(digits)}) to hold some out for validation")
    return (
        digits.take(~held_out, f"{digits.name} (training part)"),
        digits.take(held_out, f"{digits.name} (validation part)"),
    )


# Separates this stream of random numbers from others with the same seed.
_STREAM = 1

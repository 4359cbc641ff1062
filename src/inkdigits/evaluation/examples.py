"""The pictures that a network is wrong or unsure about, as values that pages show."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.evaluation.evaluate import Predictions

__all__ = ["Example", "correct", "mistakes"]


@dataclass(frozen=True)
class Example:
    """A picture with the probabilities of the predicted digit and of its label; verified label errors are marked."""

    index: int
    label: int
    read: int
    probability: float
    of_label: float
    wrong_label: bool


def mistakes(
    digits: LabelledDigits, predictions: Predictions, label_errors: Collection[int] = (), most: int | None = None
) -> list[Example]:
    """The wrong predictions, the most confident first; at most `most`. `label_errors` are indices of wrong labels."""
    rows = np.flatnonzero(predictions.predicted != digits.labels)
    order = np.argsort(-predictions.probabilities[rows].max(axis=1), kind="stable")
    return _examples(rows[order][:most], digits, predictions, label_errors)


def correct(
    digits: LabelledDigits, predictions: Predictions, label_errors: Collection[int] = (), most: int | None = None
) -> list[Example]:
    """The correct predictions, the least confident first; else as `mistakes`."""
    rows = np.flatnonzero(predictions.predicted == digits.labels)
    order = np.argsort(predictions.probabilities[rows].max(axis=1), kind="stable")
    return _examples(rows[order][:most], digits, predictions, label_errors)


def _examples(
    rows: NDArray[np.int64], digits: LabelledDigits, predictions: Predictions, label_errors: Collection[int]
) -> list[Example]:
    return [
        Example(
            index=row,
            label=int(digits.labels[row]),
            read=int(predictions.probabilities[row].argmax()),
            probability=float(predictions.probabilities[row].max()),
            of_label=float(predictions.probabilities[row, digits.labels[row]]),
            wrong_label=row in label_errors,
        )
        for row in rows.tolist()
    ]

"""Scores of predicted probabilities, confidence intervals and exact tests, in NumPy only.

Shapes: `labels` is int (n,) with classes 0 … k-1; `probabilities` is float (n, k) with rows that sum to 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import DataError

__all__ = [
    "ClassScores",
    "Interval",
    "Labels",
    "PairedComparison",
    "Probabilities",
    "accuracy",
    "auroc",
    "check_probabilities",
    "class_scores",
    "compare_paired",
    "confusion_matrix",
    "expected_calibration_error",
    "log_loss",
    "mcnemar_exact",
    "paired_difference_interval",
    "wilson_interval",
]

Labels = NDArray[np.integer[Any]]
Probabilities = NDArray[np.floating[Any]]


class Interval(NamedTuple):
    """A confidence interval, both ends included."""

    low: float
    high: float


@dataclass(frozen=True)
class ClassScores:
    """One class against the rest; a rate whose denominator is zero is None."""

    label: int
    support: int
    precision: float | None
    recall: float | None
    false_positive_rate: float | None


@dataclass(frozen=True)
class PairedComparison:
    """Two classifiers on the same pictures. `difference` is accuracy of the first minus accuracy of the second."""

    n: int
    only_first_right: int
    only_second_right: int
    difference: float
    interval: Interval
    p_value: float


def check_probabilities(probabilities: Probabilities, n: int) -> None:
    """Raise `DataError` unless `probabilities` is (n, k), finite, in [0, 1] and its rows sum to 1 (to 1e-3)."""
    if probabilities.ndim != 2 or len(probabilities) != n:
        raise DataError(f"expected probabilities of shape ({n}, classes), got {probabilities.shape}")
    if not np.isfinite(probabilities).all():
        row = int(np.argmax(~np.isfinite(probabilities).all(axis=1)))
        raise DataError(f"probabilities of picture {row} are not finite: the network's weights or its inputs hold NaN")
    worst = float(np.abs(probabilities.sum(axis=1, dtype=np.float64) - 1).max(initial=0))
    if worst > 1e-3 or (probabilities < 0).any():
        raise DataError(f"probabilities do not sum to 1 (off by up to {worst:.3g}): the network must end in a softmax")


def accuracy(labels: Labels, probabilities: Probabilities) -> float:
    """The fraction of pictures whose most probable class is their label, in [0, 1]."""
    return float(np.mean(probabilities.argmax(axis=1) == labels))


def log_loss(labels: Labels, probabilities: Probabilities) -> float:
    """The mean of -ln(probability of the right class), in nats, at least 0.

    Probabilities are clipped to at least the smallest normal float32 (1.2e-38), so that one mistake made with
    certainty costs 87 and not infinity.
    """
    right = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return float(-np.log(np.clip(right, np.finfo(np.float32).tiny, 1.0)).mean())


def auroc(higher: NDArray[np.floating[Any]], lower: NDArray[np.floating[Any]]) -> float:
    """The area under the ROC curve, in [0, 1]: the probability that a value of `higher` exceeds one of `lower`.

    Ties count half (Mann and Whitney 1947). Raises `DataError` when a group is empty.
    """
    if not len(higher) or not len(lower):
        raise DataError(
            f"two groups to compare, got {len(higher)} and {len(lower)} numbers: expected at least one in each"
        )
    ordered = np.sort(lower)
    beaten = np.searchsorted(ordered, higher, "left") + np.searchsorted(ordered, higher, "right")
    return float(beaten.sum() / (2 * len(higher) * len(lower)))


def expected_calibration_error(labels: Labels, probabilities: Probabilities, bins: int = 15) -> float:
    """How far the highest probability is from the accuracy, in [0, 1]; 0 for no pictures.

    The pictures are sorted into `bins` equal-width bins by their highest probability; the error is the mean over all
    pictures of their bin's |accuracy - mean highest probability| (Guo, Pleiss, Sun, Weinberger 2017, equation 5, with
    15 bins).
    """
    confidence = probabilities.max(axis=1).astype(np.float64)
    gaps = (probabilities.argmax(axis=1) == labels) - confidence
    # Bin m holds confidences in ((m - 1) / bins, m / bins].
    places = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    return float(np.abs(np.bincount(places, weights=gaps, minlength=bins)).sum() / max(1, len(labels)))


def confusion_matrix(labels: Labels, predicted: Labels, classes: int = 10) -> NDArray[np.int64]:
    """Counts of shape (classes, classes): row = label, column = prediction."""
    flat = np.bincount(np.asarray(labels) * classes + np.asarray(predicted), minlength=classes * classes)
    return flat.reshape(classes, classes).astype(np.int64)


def class_scores(matrix: NDArray[np.int64]) -> list[ClassScores]:
    """Precision, recall and false positive rate of every class of a confusion matrix (row = label)."""
    total = int(matrix.sum())
    return [_one_class(matrix, label, total) for label in range(len(matrix))]


def _one_class(matrix: NDArray[np.int64], label: int, total: int) -> ClassScores:
    hits = int(matrix[label, label])
    support = int(matrix[label].sum())
    predicted = int(matrix[:, label].sum())
    return ClassScores(
        label=label,
        support=support,
        precision=_rate(hits, predicted),
        recall=_rate(hits, support),
        false_positive_rate=_rate(predicted - hits, total - support),
    )


def _rate(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def wilson_interval(successes: int, n: int, confidence: float = 0.95) -> Interval:
    """Wilson's score interval for a proportion (Wilson 1927); with n = 0 it is [0, 1]."""
    if n == 0:
        return Interval(0.0, 1.0)
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    p = successes / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    low = 0.0 if successes == 0 else centre - half
    high = 1.0 if successes == n else centre + half
    return Interval(low, high)


def mcnemar_exact(only_first_right: int, only_second_right: int) -> float:
    """The two-sided p-value of McNemar's exact test: are the discordant pairs a fair coin? In [0, 1].

    Exact integer arithmetic; the two-sided value doubles the smaller tail, at most 1 (Fay 2010).
    """
    discordant = only_first_right + only_second_right
    term, tail = 1, 1
    for k in range(min(only_first_right, only_second_right)):
        term = term * (discordant - k) // (k + 1)
        tail += term
    return min(1.0, 2 * tail / (1 << discordant))


def paired_difference_interval(
    both_right: int, only_first_right: int, only_second_right: int, both_wrong: int, confidence: float = 0.95
) -> Interval:
    """Newcombe's hybrid score interval for a difference of paired proportions (Newcombe 1998, method 10).

    It keeps its level where nearly all pictures are right, as with digits, and stays inside [-1, 1].
    """
    a, b, c, d = both_right, only_first_right, only_second_right, both_wrong
    n = a + b + c + d
    p1, p2 = (a + b) / n, (a + c) / n
    first, second = wilson_interval(a + b, n, confidence), wilson_interval(a + c, n, confidence)
    correlation = _phi(a, b, c, d)
    low_1, high_1 = p1 - first.low, first.high - p1
    low_2, high_2 = p2 - second.low, second.high - p2
    below = low_1**2 - 2 * correlation * low_1 * high_2 + high_2**2
    above = high_1**2 - 2 * correlation * high_1 * low_2 + low_2**2
    difference = (b - c) / n
    return Interval(difference - math.sqrt(max(0.0, below)), difference + math.sqrt(max(0.0, above)))


def _phi(a: int, b: int, c: int, d: int) -> float:
    margins = (a + b) * (c + d) * (a + c) * (b + d)
    if margins == 0:
        return 0.0
    product = a * d - b * c
    corrected = max(product - (a + b + c + d) / 2, 0.0) if product > 0 else float(product)
    return corrected / math.sqrt(margins)


def compare_paired(labels: Labels, first: Labels, second: Labels) -> PairedComparison:
    """Compare two classifiers' predicted classes, each int (n,), on the same labels."""
    right_1, right_2 = np.asarray(first) == labels, np.asarray(second) == labels
    b, c = int(np.sum(right_1 & ~right_2)), int(np.sum(~right_1 & right_2))
    both = int(np.sum(right_1 & right_2))
    n = len(labels)
    return PairedComparison(
        n=n,
        only_first_right=b,
        only_second_right=c,
        difference=(b - c) / n,
        interval=paired_difference_interval(both, b, c, n - both - b - c),
        p_value=mcnemar_exact(b, c),
    )

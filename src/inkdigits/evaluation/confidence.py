"""Calibration and selective prediction: reliability diagrams, and accuracy when the least confident are refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.stats.scores import Interval, Labels, Probabilities, wilson_interval

__all__ = ["Bin", "Coverage", "coverage", "coverage_curve", "reliability"]


@dataclass(frozen=True)
class Bin:
    """The `n` pictures with a highest probability in (low, high]; never empty."""

    low: float
    high: float
    n: int
    confidence: float  # their mean highest probability
    accuracy: float
    interval: Interval  # of the accuracy: 95 %, Wilson


@dataclass(frozen=True)
class Coverage:
    """The accuracy when every picture with a highest probability below `threshold` is refused."""

    fraction: float  # of the pictures that are answered
    n: int
    accuracy: float
    wrong: int
    threshold: float


def reliability(labels: Labels, probabilities: Probabilities, bins: int = 15) -> list[Bin]:
    """The bins of `scores.expected_calibration_error` that hold pictures, lowest first (a reliability diagram)."""
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == labels
    places = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    return [_bin(place, bins, confidence[places == place], right[places == place]) for place in np.unique(places)]


def _bin(place: int, bins: int, confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> Bin:
    n, hits = len(right), int(right.sum())
    return Bin(
        float(place / bins),
        float((place + 1) / bins),
        n,
        float(confidence.mean()),
        hits / n,
        wilson_interval(hits, n),
    )


def coverage(labels: Labels, probabilities: Probabilities, fractions: Sequence[float]) -> list[Coverage]:
    """The accuracy on the most confident pictures alone, for each of `fractions` of them, in (0, 1]."""
    order, right = _most_confident_first(labels, probabilities)
    rows = [max(1, round(fraction * len(order))) for fraction in fractions]
    return [
        Coverage(
            fraction=n / len(order),
            n=n,
            accuracy=float(right[:n].mean()),
            wrong=int((~right[:n]).sum()),
            threshold=float(probabilities[order[n - 1]].max()),
        )
        for n in rows
    ]


def coverage_curve(labels: Labels, probabilities: Probabilities) -> tuple[NDArray[Any], NDArray[Any]]:
    """Fraction answered and accuracy among them, both (n,), from the most confident picture alone to all."""
    _, right = _most_confident_first(labels, probabilities)
    counts = np.arange(1, len(right) + 1)
    return counts / len(right), np.cumsum(right) / counts


def _most_confident_first(labels: Labels, probabilities: Probabilities) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    order = np.argsort(-probabilities.max(axis=1), kind="stable")
    right: NDArray[np.bool_] = (probabilities.argmax(axis=1) == labels)[order]
    return order, right

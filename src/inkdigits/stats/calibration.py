"""Calibration: a network's temperature, and the acceptance threshold below which a picture counts as no digit.

Guo, Pleiss, Sun, Weinberger 2017, "On calibration of modern neural networks": probabilities = softmax(logits / T), with
T fitted to the log loss of held-out digits. The most probable class stays the same.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "MAX_TEMPERATURE",
    "MIN_TEMPERATURE",
    "fit_acceptance_threshold",
    "fit_temperature",
    "softmax",
    "with_temperature",
]

MIN_TEMPERATURE, MAX_TEMPERATURE = 0.05, 20.0

# Of digits that are as degraded as in training; of cleaner ones fewer are refused.
_REFUSED_FRACTION = 0.02
_MAX_THRESHOLD = 0.8
_MAX_FITTED = 1_000_000  # pictures

Floats = NDArray[np.floating[Any]]


def softmax(logits: Floats) -> NDArray[np.float64]:
    """Probabilities float64 (n, k) of `logits` (n, k)."""
    powers = np.exp(np.asarray(logits, np.float64) - logits.max(axis=1, keepdims=True))
    probabilities: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return probabilities


def with_temperature(probabilities: Floats, temperature: float) -> NDArray[np.float64]:
    """The probabilities float64 (n, k) of a softmax whose logits are divided by `temperature`, from those at 1."""
    # The logarithms of the probabilities are the logits up to a constant, which cancels.
    logits = np.log(np.maximum(np.asarray(probabilities, np.float64), np.finfo(np.float32).tiny))
    return softmax(logits / temperature)


def fit_temperature(labels: NDArray[np.integer[Any]], logits: Floats) -> float:
    """The temperature, 0.05 to 20, with the lowest log loss of softmax(logits / temperature) for `labels`, int (n,).

    1 when every picture is right: the loss then falls with the temperature and has no minimum. Of over a million
    pictures it is fitted on every second, third ... alone, a million at most.
    """
    step = max(1, -(-len(labels) // _MAX_FITTED))
    labels, exact = labels[::step], np.asarray(logits[::step], np.float64)
    if len(labels) == 0 or (exact.argmax(axis=1) == labels).all():
        return 1.0
    right = exact[np.arange(len(labels)), labels]
    # The loss is convex in 1 / temperature, so its slope has one zero: bisect on a log scale.
    low, high = -math.log(MAX_TEMPERATURE), -math.log(MIN_TEMPERATURE)
    for _ in range(60):
        middle = (low + high) / 2
        inverse = math.exp(middle)
        slope = float(((softmax(exact * inverse) * exact).sum(axis=1) - right).mean())
        low, high = (low, middle) if slope > 0 else (middle, high)
    return math.exp(-(low + high) / 2)


def fit_acceptance_threshold(digits: Floats) -> float:
    """The confidence in [0, 0.8] that a picture must reach to be accepted as a digit.

    `digits` (n, k) are the probabilities of held-out digits. The threshold is the highest that refuses at most 2 % of
    them, and thereby the most non-digits; at most 0.8. It is 0 for no digits.
    """
    if not len(digits):
        return 0.0
    allowed = float(np.quantile(digits.max(axis=1), _REFUSED_FRACTION, method="lower"))
    # Rounded down, since a threshold that is rounded up refuses the digit that it was taken from.
    return min(_MAX_THRESHOLD, math.floor(allowed * 1000) / 1000)

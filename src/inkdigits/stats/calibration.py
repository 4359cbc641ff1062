"""Two scalars beside a network: the temperature that makes its probabilities mean what they say, and the threshold
below which a picture is taken for no digit.

Guo, Pleiss, Sun, Weinberger 2017, "On calibration of modern neural networks": probabilities = softmax(logits / T), with
T fitted on held-out digits by the log loss. The most probable class stays the same.
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

# Of digits as worn as in training; people's own are mostly cleaner, and fewer of them are refused.
_REFUSED = 0.02
_HIGHEST_THRESHOLD = 0.8

Floats = NDArray[np.floating[Any]]


def softmax(logits: Floats) -> NDArray[np.float64]:
    """Probabilities float64 (n, k) of `logits` (n, k)."""
    powers = np.exp(np.asarray(logits, np.float64) - logits.max(axis=1, keepdims=True))
    shares: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return shares


def with_temperature(probabilities: Floats, temperature: float) -> NDArray[np.float64]:
    """What `probabilities` (n, k) of a softmax become when its logits are divided by `temperature`."""
    # A softmax's logits are known from its probabilities up to a summand that cancels.
    logits = np.log(np.maximum(np.asarray(probabilities, np.float64), np.finfo(np.float32).tiny))
    return softmax(logits / temperature)


def fit_temperature(labels: NDArray[np.integer[Any]], logits: Floats) -> float:
    """The temperature, 0.05 to 20, with the lowest log loss of softmax(logits / temperature) for `labels`, int (n,).

    1 when every picture is right, since then the loss falls for ever as the temperature does, and tells nothing.
    """
    exact = np.asarray(logits, np.float64)
    if len(labels) == 0 or (exact.argmax(axis=1) == labels).all():
        return 1.0
    right = exact[np.arange(len(labels)), labels]
    # The loss is convex in 1 / temperature, so its slope has one zero: halve the interval around it, on a log scale.
    low, high = -math.log(MAX_TEMPERATURE), -math.log(MIN_TEMPERATURE)
    for _ in range(60):
        middle = (low + high) / 2
        inverse = math.exp(middle)
        slope = float(((softmax(exact * inverse) * exact).sum(axis=1) - right).mean())
        low, high = (low, middle) if slope > 0 else (middle, high)
    return math.exp(-(low + high) / 2)


def fit_acceptance_threshold(digits: Floats) -> float:
    """The highest probability that a picture must have to be accepted as a digit, in [0, 0.8].

    `digits` (n, k) are the probabilities of held-out digits. It is the highest threshold that refuses at most 2 % of
    them, so that as little of what is no digit is accepted as digits allow; above 0.8 an answer is sure enough for all.
    """
    if not len(digits):
        return 0.0
    allowed = float(np.quantile(digits.max(axis=1), _REFUSED, method="lower"))
    # Rounded down: a threshold that is rounded up refuses the digit that it came from.
    return min(_HIGHEST_THRESHOLD, math.floor(allowed * 1000) / 1000)

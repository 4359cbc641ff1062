"""NumPy's percentile, median and mean for small arrays: the same results in a fraction of the time.

For 400 grey levels a percentile takes 9 instead of 190 microseconds, and every component of ink needs two; a whole
small picture is read in some 530 (docs/log.md, 2026-11-25).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["mean", "median", "percentile"]


def percentile(values: NDArray[np.uint8], percent: float) -> float:
    """`np.percentile(values, percent)` of a flat array of grey levels that is not empty."""
    place = (len(values) - 1) * (percent / 100)
    below = int(place)
    above = min(below + 1, len(values) - 1)
    ordered = np.partition(values, (below, above))
    low, high = int(ordered[below]), int(ordered[above])
    part = place - below
    # From the nearer of the two, as NumPy interpolates.
    return high - (high - low) * (1 - part) if part >= 0.5 else low + (high - low) * part


def median(values: NDArray[Any]) -> float:
    """`np.median(values)` of a flat array without NaN that is not empty."""
    half = len(values) // 2
    if len(values) % 2:
        return float(np.partition(values, half)[half])
    ordered = np.partition(values, (half - 1, half))
    return float(ordered[half - 1 : half + 1].mean())


def mean(values: NDArray[np.float32]) -> np.float32:
    """`values.mean()` of 32-bit floats."""
    return np.float32(np.add.reduce(values, axis=None) / values.size)

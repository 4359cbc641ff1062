"""Which picture is this, and what was done to its pixels?

This module runs inside a submission's kernel.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Preparation", "digits_of", "fingerprints", "leaves", "preparation_of", "preparation_of_range"]

PIXELS = 784
# Fractions of the range from a picture's darkest to its brightest value; no pixel of 0 to 255 lies just there.
_LEVELS = (0.1234, 0.4321, 0.7654)
_MIN_ROWS = 100  # fewer say too little of what was done to each pixel
_MAX_ROWS = 10_000  # more say nothing beyond these
_ROUNDING = 1e-3  # of a pixel's range: half floats round that far


def fingerprints(pictures: Any) -> list[bytes]:
    """One a picture, whatever its scale, offset and shape: the pixels that exceed each level of its range."""
    rows = np.asarray(pictures, np.float32).reshape(len(pictures), -1)
    low, high = rows.min(axis=1, keepdims=True), rows.max(axis=1, keepdims=True)
    masks = [np.packbits(rows > low + level * (high - low), axis=1) for level in _LEVELS]
    return [row.tobytes() for row in np.concatenate(masks, axis=1)]


def digits_of(labels: Any) -> Any:
    """The digits that labels name, one-hot or not, as an array; None for labels of any other form."""
    flat = labels.reshape(len(labels), -1)
    return flat.argmax(axis=1) if flat.shape[1] == 10 else flat[:, 0] if flat.shape[1] == 1 else None


def leaves(given: Any) -> Iterator[Any]:
    """The arrays in what a call was given: itself, or those in its lists, tuples and dicts."""
    if isinstance(given, dict):
        given = list(given.values())
    if not isinstance(given, list | tuple):
        yield given
    elif all(np.isscalar(part) for part in given):
        yield np.asarray(given)
    else:
        for part in given:
            yield from leaves(part)


@dataclass(frozen=True)
class Preparation:
    """What was done to raw pictures: a factor and an offset for each of their 784 pixels."""

    factor: Any
    offset: Any

    def of(self, pictures: Any) -> Any:
        """`pictures` prepared so, as float32 (n, 784)."""
        return (pictures.reshape(len(pictures), PIXELS) * self.factor + self.offset).astype(np.float32)

    def differs(self, others: Iterable[Preparation]) -> bool:
        """Whether it is none of `others`, rounding apart."""
        return not any(
            np.allclose(self.factor, other.factor, 1e-3) and np.allclose(self.offset, other.offset, 1e-3, 1e-4)
            for other in others
        )


def preparation_of_range(low: float, high: float) -> Preparation:
    """What maps pixels of 0 to 255 linearly to `low` to `high`."""
    return Preparation(np.full(PIXELS, (high - low) / 255), np.full(PIXELS, low))


def preparation_of(array: Any, raw: Any) -> Preparation | None:
    """What made `array` of the first of the pictures `raw`, in their order; None when no factor and offset do.

    Each pixel has its own, found by least squares and held against every row, so that noise, another order, or
    something done to each picture by itself is not taken for one.
    """
    n = len(array) if getattr(array, "ndim", 0) else 0
    if not _MIN_ROWS <= n <= len(raw) or array.size != n * PIXELS or array.dtype.kind not in "uif":
        return None
    rows = np.linspace(0, n - 1, min(n, _MAX_ROWS)).astype(int)
    before, after = (np.asarray(part[rows], np.float64).reshape(len(rows), PIXELS) for part in (raw, array))
    centred = before - before.mean(axis=0)
    spread = (centred**2).sum(axis=0)
    factor = (centred * after).sum(axis=0) / np.where(spread, spread, 1)
    if not factor.any():
        return None
    # A pixel that is dark in all of these pictures tells no factor: it has the others' where they are all the same.
    known = factor[spread > 0]
    if np.ptp(known) <= _ROUNDING * np.abs(known).max():
        factor = np.full(PIXELS, np.median(known))
    offset = (after - before * factor).mean(axis=0)
    left = np.abs(after - before * factor - offset).max(axis=0)
    fits = left <= _ROUNDING * (np.ptp(after, axis=0) + 1e-3 * np.ptp(after))
    return Preparation(factor, offset) if fits.all() else None

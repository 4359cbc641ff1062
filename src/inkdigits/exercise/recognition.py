"""Which picture is this? Pictures of MNIST are recognized by their pixels, whatever their scale, offset and shape.

This module runs inside a submission's kernel, and in the checker.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

__all__ = ["PIXELS", "digits_of", "fingerprints", "leaves", "rows_of_784"]

PIXELS = 784
_SIDE = 28
# Fractions of the range from a picture's darkest to its brightest value; no pixel of 0 to 255 lies just there.
_LEVELS = (0.1234, 0.4321, 0.7654)


def fingerprints(pictures: Any) -> list[bytes]:
    """One a picture, whatever its scale, offset and shape: the pixels that exceed each level of its range."""
    rows = np.asarray(pictures, np.float32).reshape(len(pictures), -1)
    low, high = rows.min(axis=1, keepdims=True), rows.max(axis=1, keepdims=True)
    masks = [np.packbits(rows > low + level * (high - low), axis=1) for level in _LEVELS]
    return [row.tobytes() for row in np.concatenate(masks, axis=1)]


def rows_of_784(pictures: Any) -> Any:
    """`pictures` as rows (n, 784): padding is cut off and one of three equal channels is taken; None if that fails.

    Sides up to 44 are taken for padded pictures.
    """
    n = len(pictures)
    if not n or pictures.size % n:
        return None
    if pictures.size == n * PIXELS:
        return pictures.reshape(n, PIXELS)
    if pictures.ndim == 4 and 3 in (pictures.shape[1], pictures.shape[3]):
        pictures = pictures[:, 0] if pictures.shape[1] == 3 else pictures[..., 0]
    side = round((pictures.size / n) ** 0.5)
    border = (side - _SIDE) // 2
    if side * side * n != pictures.size or not 0 <= border <= 8 or (side - _SIDE) % 2:
        return None
    squares = pictures.reshape(n, side, side)
    return squares[:, border : border + _SIDE, border : border + _SIDE].reshape(n, PIXELS)


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

"""Splitting of digits that touch, along paths from top to bottom that cross the least ink.

The limits were set by hand on the development pictures (benchmarks/real_digits.py); none was measured by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from inkdigits.reading.components import Component

__all__ = ["split_touching"]

# Paths are searched on masks of at most this many rows.
_MAX_ROWS = 64
# The cost of crossing a pixel of ink; paper costs 0.02.
_INK_COST = 12.0
# Shifts of the path as fractions of the component's width, and the cost of leaving that column: with a low cost the
# path finds a gap elsewhere, with a high one it goes straight through the wall that two round digits share.
_TRIALS = ((0.0, 3.0), (0.0, 2000.0), (-0.12, 3.0), (0.12, 3.0))


def split_touching(component: Component, count: int) -> list[list[Component]]:
    """At most four different splits of a component into `count` digits side by side; none without a sensible path."""
    places = np.arange(1, count) / count
    splits = []
    for shift, cost in _TRIALS if count == 2 else _TRIALS[:2]:
        paths = [_path(component.mask, float(place + shift), cost) for place in places]
        parts = _split(component, paths)
        if len(parts) == count and all(part.area >= 0.06 * component.area for part in parts):
            splits.append(parts)
    return _without_duplicates(splits)


def _path(mask: NDArray[np.uint8], place: float, leaving_cost: float) -> NDArray[np.int64]:
    """The column (h,) of the path in every row, near `place`, a fraction of the width."""
    import cv2

    height, width = mask.shape
    scale = min(1.0, _MAX_ROWS / height)
    size = (max(3, round(width * scale)), max(3, round(height * scale)))
    small = cv2.resize(mask, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    columns = np.arange(size[0])
    offset = np.abs(columns / (size[0] - 1) - place)
    total = _accumulated_cost(_INK_COST * small + 0.02 + leaving_cost * offset**2)
    path = np.empty(size[1], np.int64)
    path[-1] = int(total[-1].argmin())
    for row in range(size[1] - 2, -1, -1):
        low = max(0, path[row + 1] - 1)
        path[row] = low + int(total[row, low : path[row + 1] + 2].argmin())
    rows = np.clip((np.arange(height) * size[1] / height).astype(int), 0, size[1] - 1)
    return np.asarray((path[rows] + 0.5) * width / size[0] + 0.5).astype(np.int64)


def _accumulated_cost(cost: NDArray[np.floating]) -> NDArray[np.float64]:
    """The cost of the cheapest path from the top to every pixel, steps straight down or diagonal (h, w)."""
    height, width = cost.shape
    walled = np.full((height, width + 2), np.inf)
    total = walled[:, 1:-1]
    total[:] = cost
    for row in range(1, height):
        before = walled[row - 1]
        total[row] += np.minimum(np.minimum(before[:-2], before[2:]) + 0.004, before[1:-1])
    return total


def _split(component: Component, paths: Sequence[NDArray[np.int64]]) -> list[Component]:
    columns = np.arange(component.w)[None, :]
    edges = [np.zeros(component.h, np.int64), *paths, np.full(component.h, component.w)]
    parts = []
    for left, right in pairwise(edges):
        mask = np.where((columns >= left[:, None]) & (columns < right[:, None]), component.mask, 0).astype(np.uint8)
        part = _cropped(component, _without_fragments(mask))
        if part is not None:
            parts.append(part)
    return parts


def _without_fragments(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The mask without fragments that the path left on the wrong side."""
    import cv2

    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    if count <= 2:
        return mask
    fragments = np.flatnonzero(stats[1:, 4] < 0.12 * stats[1:, 4].max()) + 1
    return np.where(np.isin(labels, fragments), 0, mask).astype(np.uint8)


def _cropped(component: Component, mask: NDArray[np.uint8]) -> Component | None:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    return Component(
        component.x + int(left),
        component.y + int(top),
        int(right - left),
        int(bottom - top),
        mask[top:bottom, left:right],
        component.contrast,
    )


def _without_duplicates(splits: list[list[Component]]) -> list[list[Component]]:
    unique: dict[tuple[int, ...], list[Component]] = {}
    for parts in splits:
        unique.setdefault(tuple(round(part.x / 3) for part in parts), parts)
    return list(unique.values())

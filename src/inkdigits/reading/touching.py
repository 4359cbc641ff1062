"""Digits that touch: where a piece of ink may be cut, along the path that crosses the least ink."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from inkdigits.reading.components import Piece

__all__ = ["cuts"]

# Paths are looked for on masks of at most this many rows.
_ROWS = 64
# A pixel of ink costs as much as so many of paper.
_INK = 12.0
# Shifts of the cut in widths of the piece, and how much it costs to leave that place: a soft path finds the gap that is
# left somewhere else, a stiff one goes through the wall that two round digits share.
_TRIALS = ((0.0, 3.0), (0.0, 2000.0), (-0.12, 3.0), (0.12, 3.0))


def cuts(piece: Piece, count: int) -> list[list[Piece]]:
    """Ways to part `piece` into `count` pieces side by side, at most four; none where no cut is sensible."""
    places = np.arange(1, count) / count
    ways = []
    for shift, stiffness in _TRIALS if count == 2 else _TRIALS[:2]:
        paths = [_path(piece.mask, float(place + shift), stiffness) for place in places]
        parts = _parted(piece, paths)
        if len(parts) == count and all(part.area >= 0.06 * piece.area for part in parts):
            ways.append(parts)
    return _different(ways)


def _path(mask: NDArray[np.uint8], place: float, stiffness: float) -> NDArray[np.int64]:
    """For every row the column where to cut: a path from top to bottom near `place`, a share of the width."""
    import cv2

    height, width = mask.shape
    scale = min(1.0, _ROWS / height)
    size = (max(3, round(width * scale)), max(3, round(height * scale)))
    small = cv2.resize(mask, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    columns = np.arange(size[0])
    away = np.abs(columns / (size[0] - 1) - place)
    cost = _INK * small + 0.02 + stiffness * away**2
    total = _accumulated(cost)
    path = np.empty(size[1], np.int64)
    path[-1] = int(total[-1].argmin())
    for row in range(size[1] - 2, -1, -1):
        low = max(0, path[row + 1] - 1)
        path[row] = low + int(total[row, low : path[row + 1] + 2].argmin())
    rows = np.clip((np.arange(height) * size[1] / height).astype(int), 0, size[1] - 1)
    return np.asarray((path[rows] + 0.5) * width / size[0] + 0.5).astype(np.int64)


def _accumulated(cost: NDArray[np.floating]) -> NDArray[np.float64]:
    height, width = cost.shape
    walled = np.full((height, width + 2), np.inf)
    total = walled[:, 1:-1]
    total[:] = cost
    for row in range(1, height):
        before = walled[row - 1]
        total[row] += np.minimum(np.minimum(before[:-2], before[2:]) + 0.004, before[1:-1])
    return total


def _parted(piece: Piece, paths: Sequence[NDArray[np.int64]]) -> list[Piece]:
    columns = np.arange(piece.w)[None, :]
    edges = [np.zeros(piece.h, np.int64), *paths, np.full(piece.h, piece.w)]
    parts = []
    for left, right in pairwise(edges):
        mask = np.where((columns >= left[:, None]) & (columns < right[:, None]), piece.mask, 0).astype(np.uint8)
        part = _cropped(piece, _largest(mask))
        if part is not None:
            parts.append(part)
    return parts


def _largest(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The mask without crumbs that the cut left on the wrong side."""
    import cv2

    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    if count <= 2:
        return mask
    crumbs = np.flatnonzero(stats[1:, 4] < 0.12 * stats[1:, 4].max()) + 1
    return np.where(np.isin(labels, crumbs), 0, mask).astype(np.uint8)


def _cropped(piece: Piece, mask: NDArray[np.uint8]) -> Piece | None:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    return Piece(
        piece.x + int(left),
        piece.y + int(top),
        int(right - left),
        int(bottom - top),
        mask[top:bottom, left:right],
        piece.contrast,
    )


def _different(ways: list[list[Piece]]) -> list[list[Piece]]:
    seen: dict[tuple[int, ...], list[Piece]] = {}
    for parts in ways:
        seen.setdefault(tuple(round(part.x / 3) for part in parts), parts)
    return list(seen.values())

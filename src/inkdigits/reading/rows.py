"""The order in which people read: rows from top to bottom, each from left to right; rows may slant."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from inkdigits.reading.reading import Box

__all__ = ["reading_order"]

# In heights of a digit: neighbours in a row are no further above or below each other than this.
_STEP = 0.55
_ANGLES = np.deg2rad(np.arange(-40, 41, 4))


def reading_order(boxes: Sequence[Box]) -> list[list[int]]:
    """The positions of `boxes` in reading order, one list a row."""
    if len(boxes) < 2:
        return [[0]] if boxes else []
    array = np.asarray(boxes, float)
    centres = array[:, :2] + array[:, 2:] / 2
    height = float(np.median(np.maximum(array[:, 3], 0.5 * array[:, 2])))
    angle = _slant(centres, height)
    turned = _turned(centres, angle)
    return _sorted_rows(_chained(turned, height), turned)


def _turned(centres: NDArray[np.float64], angle: float) -> NDArray[np.float64]:
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.asarray(centres @ np.array([[cosine, -sine], [sine, cosine]]), np.float64)


def _slant(centres: NDArray[np.float64], height: float) -> float:
    """The angle in radians at which the writing falls into the fewest and straightest rows; 0 for fewer than three."""
    if len(centres) < 3:
        return 0.0
    costs = [_untidiness(centres, height, angle) + 2 * abs(angle) for angle in _ANGLES]
    return float(_ANGLES[int(np.argmin(costs))])


def _untidiness(centres: NDArray[np.float64], height: float, angle: float) -> float:
    """One for every row, and a little for every digit by how far it is off its row's middle."""
    down = np.sort(_turned(centres, angle)[:, 1]) / height
    rows = np.split(down, np.flatnonzero(np.diff(down) > _STEP) + 1)
    off = sum(float(((row - row.mean()) ** 2).sum()) for row in rows)
    return len(rows) + 1.6 * off


def _chained(turned: NDArray[np.float64], height: float) -> list[list[int]]:
    """Rows: neighbours are tied when each is the other's nearest; then chains that go on in one line are one row."""
    right_of = _nearest(turned, height, 1.0)
    left_of = _nearest(turned, height, -1.0)
    follower = {item: to for item, to in right_of.items() if left_of.get(to) == item}
    starts = [item for item in range(len(turned)) if item not in follower.values()]
    chains = []
    for item in starts:
        chain = [item]
        while chain[-1] in follower:
            chain.append(follower[chain[-1]])
        chains.append(chain)
    return _continued(sorted(chains, key=lambda chain: float(turned[chain[0], 0])), turned, height)


def _nearest(turned: NDArray[np.float64], height: float, side: float) -> dict[int, int]:
    """Every box's nearest neighbour on one side (1: right, -1: left) that is hardly above or below it."""
    found = {}
    for item, (x, y) in enumerate(turned):
        away = side * (turned[:, 0] - x)
        off = np.abs(turned[:, 1] - y)
        candidates = np.flatnonzero(
            ((away > 0) | ((away == 0) & (np.arange(len(turned)) > item))) & (off < _STEP * height)
        )
        if len(candidates):
            found[item] = int(candidates[np.argmin(away[candidates] + 2 * off[candidates])])
    return found


def _continued(chains: list[list[int]], turned: NDArray[np.float64], height: float) -> list[list[int]]:
    """Join a chain to the one that ends before it begins, where their ends are level."""
    rows: list[list[int]] = []
    for chain in chains:
        x, y = turned[chain[0]]
        before = [row for row in rows if turned[row[-1], 0] < x and abs(_level(row, turned) - y) < _STEP * height]
        if before:
            min(before, key=lambda row: abs(_level(row, turned) - y)).extend(chain)
        else:
            rows.append(list(chain))
    return rows


def _level(row: list[int], turned: NDArray[np.float64]) -> float:
    return float(turned[row[-3:], 1].mean())


def _sorted_rows(rows: list[list[int]], turned: NDArray[np.float64]) -> list[list[int]]:
    rows = sorted(rows, key=lambda row: float(turned[row, 1].mean()))
    return [sorted(row, key=lambda item: float(turned[item, 0])) for row in rows]

"""Reading order: rows from top to bottom, each from left to right; rows may slant."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from inkdigits.reading.reading import Box

__all__ = ["reading_order"]

# The vertical distance of neighbours in a row, in heights of a digit; set by hand, not measured.
_MAX_STEP = 0.55
# A box counts as this fraction of its width in height at the least; so many boxes at the end of a row tell its level.
_HEIGHT_OF_WIDTH, _LAST = 0.5, 3
# What a radian of slant costs, and a squared height between a box and the middle of its row, where a row more costs 1;
# and a pixel up or down to the nearest neighbour, where one to the side costs 1. All set by hand.
_COST_OF_SLANT, _COST_OFF_ROW, _COST_DOWN = 2.0, 1.6, 2.0
_ANGLES = np.deg2rad(np.arange(-40, 41, 4))


def reading_order(boxes: Sequence[Box], accepted: Sequence[bool] | None = None) -> list[list[int]]:
    """The indices of `boxes` in reading order, one list for each row.

    With `accepted`, rows are those of the accepted boxes, and every other box, as of a comma, is in the row of the
    nearest of them.
    """
    if accepted is not None and any(accepted) and not all(accepted):
        return _with_others(boxes, accepted)
    if len(boxes) < 2:
        return [[0]] if boxes else []
    array = np.asarray(boxes, float)
    centres = _centres(boxes)
    height = float(np.median(np.maximum(array[:, 3], _HEIGHT_OF_WIDTH * array[:, 2])))
    angle = _slant(centres, height)
    rotated = _rotated(centres, angle)
    return _sorted_rows(_chains(rotated, height), rotated)


def _centres(boxes: Sequence[Box]) -> NDArray[np.float64]:
    array = np.asarray(boxes, float)
    return np.asarray(array[:, :2] + array[:, 2:] / 2)


def _with_others(boxes: Sequence[Box], accepted: Sequence[bool]) -> list[list[int]]:
    own, others = (np.flatnonzero(np.asarray(accepted) == one).tolist() for one in (True, False))
    rows = [[own[place] for place in row] for row in reading_order([boxes[place] for place in own])]
    centres = _centres(boxes)
    for other in sorted(others, key=lambda place: float(centres[place, 0])):
        away = np.abs(centres[own] - centres[other]) @ (1, _COST_DOWN)
        nearest = own[int(away.argmin())]
        row = next(row for row in rows if nearest in row)
        before = [place for place in row if centres[place, 0] <= centres[other, 0]]
        row.insert(row.index(before[-1]) + 1 if before else 0, other)
    return rows


def _rotated(centres: NDArray[np.float64], angle: float) -> NDArray[np.float64]:
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.asarray(centres @ np.array([[cosine, -sine], [sine, cosine]]), np.float64)


def _slant(centres: NDArray[np.float64], height: float) -> float:
    """The angle in radians at which there are the fewest and straightest rows; 0 for fewer than three boxes."""
    if len(centres) < 3:
        return 0.0
    costs = [_row_cost(centres, height, angle) + _COST_OF_SLANT * abs(angle) for angle in _ANGLES]
    return float(_ANGLES[int(np.argmin(costs))])


def _row_cost(centres: NDArray[np.float64], height: float, angle: float) -> float:
    """The number of rows, plus a cost for the distance of every box from the middle of its row."""
    down = np.sort(_rotated(centres, angle)[:, 1]) / height
    rows = np.split(down, np.flatnonzero(np.diff(down) > _MAX_STEP) + 1)
    off = sum(float(((row - row.mean()) ** 2).sum()) for row in rows)
    return len(rows) + _COST_OFF_ROW * off


def _chains(rotated: NDArray[np.float64], height: float) -> list[list[int]]:
    """Rows: chains of boxes that are each other's nearest neighbours, joined where one continues another."""
    right_of = _nearest(rotated, height, 1.0)
    left_of = _nearest(rotated, height, -1.0)
    successor = {item: to for item, to in right_of.items() if left_of.get(to) == item}
    starts = [item for item in range(len(rotated)) if item not in successor.values()]
    chains = []
    for item in starts:
        chain = [item]
        while chain[-1] in successor:
            chain.append(successor[chain[-1]])
        chains.append(chain)
    return _join_chains(sorted(chains, key=lambda chain: float(rotated[chain[0], 0])), rotated, height)


def _nearest(rotated: NDArray[np.float64], height: float, side: float) -> dict[int, int]:
    """The nearest neighbour of every box on one side (1: right, -1: left) at about the same height."""
    found = {}
    for item, (x, y) in enumerate(rotated):
        away = side * (rotated[:, 0] - x)
        off = np.abs(rotated[:, 1] - y)
        candidates = np.flatnonzero(
            ((away > 0) | ((away == 0) & (np.arange(len(rotated)) > item))) & (off < _MAX_STEP * height)
        )
        if len(candidates):
            found[item] = int(candidates[np.argmin(away[candidates] + _COST_DOWN * off[candidates])])
    return found


def _join_chains(chains: list[list[int]], rotated: NDArray[np.float64], height: float) -> list[list[int]]:
    """Rows, by appending a chain to the one that ends before it begins at about the same height."""
    rows: list[list[int]] = []
    for chain in chains:
        x, y = rotated[chain[0]]
        before = [row for row in rows if rotated[row[-1], 0] < x and abs(_level(row, rotated) - y) < _MAX_STEP * height]
        if before:
            min(before, key=lambda row: abs(_level(row, rotated) - y)).extend(chain)
        else:
            rows.append(list(chain))
    return rows


def _level(row: list[int], rotated: NDArray[np.float64]) -> float:
    return float(rotated[row[-_LAST:], 1].mean())


def _sorted_rows(rows: list[list[int]], rotated: NDArray[np.float64]) -> list[list[int]]:
    rows = sorted(rows, key=lambda row: float(rotated[row, 1].mean()))
    return [sorted(row, key=lambda item: float(rotated[item, 0])) for row in rows]

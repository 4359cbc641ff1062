"""The digits beside a mark in its row."""

from __future__ import annotations

from collections.abc import Iterable

from inkdigits.reading.reading import Box

__all__ = ["are_in_one_row", "nearest_after", "nearest_before"]


def are_in_one_row(one: Box, other: Box) -> bool:
    """Whether two boxes have half of the lower one's height in common."""
    return min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1]) >= min(one[3], other[3]) / 2


def nearest_before(mark: Box, digits: Iterable[Box]) -> tuple[int, Box] | None:
    """The gap in pixels to the nearest of `digits` to the left of `mark` in its row, and its box; None without one."""
    x, _, w, _ = mark
    near = [(x - box[0] - box[2], box) for box in _row(mark, digits) if box[0] + box[2] / 2 < x + w / 2]
    return min(near, default=None)


def nearest_after(mark: Box, digits: Iterable[Box]) -> tuple[int, Box] | None:
    """The gap in pixels to the nearest of `digits` to the right of `mark` in its row, and its box; None without one."""
    x, _, w, _ = mark
    near = [(box[0] - x - w, box) for box in _row(mark, digits) if box[0] + box[2] / 2 > x + w / 2]
    return min(near, default=None)


def _row(mark: Box, digits: Iterable[Box]) -> list[Box]:
    return [box for box in digits if box != mark and are_in_one_row(mark, box)]

"""What was done to the pictures before a network was given them, found by comparing them with MNIST's own.

A preparation is a turn or mirroring, then something done to the values, then padding and channels. The values are
changed by a factor and an offset for each pixel, by a table for all pixels alike (binarizing, gamma, inverting), or by
the picture's own statistics (standardizing picture by picture, norms). What is none of these is not recognized.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from inkdigits.exercise.recognition import PIXELS

__all__ = ["Preparation", "find_preparation", "linear_preparation"]

_SIDE = 28
_MIN_ROWS = 100  # fewer say too little of what was done to each pixel
_MAX_ROWS = 10_000  # more say nothing beyond these
_ROUNDING = 1e-3  # of a pixel's range: half floats round that far
_MAX_BORDER = 8

_Values = Callable[[Any], Any]  # (n, 784) raw values, as float64, to prepared ones

# The eight ways to turn and mirror a square: the plain picture first.
_TURNS: dict[str, Callable[[Any], Any]] = {
    "as it is": lambda squares: squares,
    "transposed": lambda squares: squares.transpose(0, 2, 1),
    "mirrored": lambda squares: squares[:, :, ::-1],
    "upside down": lambda squares: squares[:, ::-1],
    "turned by 180 degrees": lambda squares: squares[:, ::-1, ::-1],
    "turned left": lambda squares: squares.transpose(0, 2, 1)[:, ::-1],
    "turned right": lambda squares: squares.transpose(0, 2, 1)[:, :, ::-1],
    "transposed the other way": lambda squares: squares[:, ::-1, ::-1].transpose(0, 2, 1),
}


def _standardized(rows: Any) -> Any:
    return (rows - rows.mean(axis=1, keepdims=True)) / np.maximum(rows.std(axis=1, keepdims=True), 1e-12)


def _to_unit_range(rows: Any) -> Any:
    low, high = rows.min(axis=1, keepdims=True), rows.max(axis=1, keepdims=True)
    return (rows - low) / np.maximum(high - low, 1e-12)


def _divided_by(norm: Callable[[Any], Any]) -> _Values:
    return lambda rows: rows / np.maximum(norm(rows)[:, None], 1e-12)


# What is done to each picture by itself; the array is then this times a factor plus an offset.
_BY_PICTURE: dict[str, _Values] = {
    "each picture standardized": _standardized,
    "each picture scaled to its own range": _to_unit_range,
    "each picture divided by its length": _divided_by(lambda rows: np.sqrt((rows**2).sum(axis=1))),
    "each picture divided by its sum": _divided_by(lambda rows: rows.sum(axis=1)),
    "each picture's mean subtracted": lambda rows: rows - rows.mean(axis=1, keepdims=True),
    "each picture divided by its mean": _divided_by(lambda rows: rows.mean(axis=1)),
}


@dataclass(frozen=True)
class Preparation:
    """What turns raw pictures into what a network was given; `words` describes it."""

    words: str
    turn: str
    values: _Values
    border: int = 0
    border_value: float = 0.0
    channels: int = 1
    of_fit: bool = False  # found in what fit was given

    def of(self, pictures: Any, shape: tuple[int, ...]) -> Any:
        """Raw `pictures` (n, 28, 28) of 0 to 255, prepared so, as float32 (n, *shape).

        Raises `ValueError` when prepared pictures do not fit `shape`.
        """
        turned = np.ascontiguousarray(_TURNS[self.turn](pictures.reshape(-1, _SIDE, _SIDE)))
        squares = self.values(turned.reshape(-1, PIXELS).astype(np.float64)).reshape(-1, _SIDE, _SIDE)
        border = (self.border, self.border)
        padded = np.pad(squares.astype(np.float32), ((0, 0), border, border), constant_values=self.border_value)
        if self.channels > 1:
            padded = np.stack([padded] * self.channels, axis=1 if shape[:1] == (self.channels,) else -1)
        return padded.reshape(len(pictures), *shape)


def linear_preparation(low: float, high: float) -> Preparation:
    """What maps pixels of 0 to 255 linearly to `low` to `high`."""
    return Preparation(f"scaled to {low:g} to {high:g}", "as it is", lambda rows: rows * ((high - low) / 255) + low)


def find_preparation(array: Any, raw: Any) -> Preparation | None:
    """What made `array` of the first of the pictures `raw` (n, 28, 28), in their order; None when it is not recognized.

    It is held against every row, so that noise or another order is not taken for a preparation.
    """
    unpadded = _without_border(array, len(raw))
    if unpadded is None:
        return None
    after, border, border_value, channels = unpadded
    rows = np.linspace(0, len(after) - 1, min(len(after), _MAX_ROWS)).astype(int)
    after, before = after[rows], raw[: len(after)][rows].reshape(-1, _SIDE, _SIDE)
    if not np.isfinite(after).all():
        return None
    for turn in _likely_turns(after, before):
        turned = np.ascontiguousarray(_TURNS[turn](before)).reshape(len(rows), PIXELS).astype(np.float64)
        for words, values in _value_changes(after, turned):
            return Preparation(f"{turn}, {words}", turn, values, border, border_value, channels)
    return None


def _without_border(array: Any, most: int) -> tuple[Any, int, float, int] | None:
    """`array` as (n, 784), float64; the width of its border, the border's value, and the number of channels."""
    n = len(array) if getattr(array, "ndim", 0) else 0
    if not _MIN_ROWS <= n <= most or array.dtype.kind not in "uif" or array.size % n:
        return None
    channels, array = _one_channel(array)
    side = round((array.size / n) ** 0.5)
    border = (side - _SIDE) // 2
    if side * side * n != array.size or not 0 <= border <= _MAX_BORDER or (side - _SIDE) % 2:
        return None
    squares = np.asarray(array, np.float64).reshape(n, side, side)
    value = float(squares[0, 0, 0]) if border else 0.0
    inner = squares[:, border : border + _SIDE, border : border + _SIDE]
    if border and (squares.sum() - inner.sum()) - value * n * (side**2 - PIXELS) > 1e-3 * n:
        return None
    return inner.reshape(n, PIXELS), border, value, channels


def _one_channel(array: Any) -> tuple[int, Any]:
    for axis in (-1, 1):
        if array.ndim == 4 and array.shape[axis] == 3:
            first = np.take(array, 0, axis=axis)
            if all(np.array_equal(first, np.take(array, other, axis=axis)) for other in (1, 2)):
                return 3, first
    return 1, array


def _likely_turns(after: Any, before: Any) -> list[str]:
    """The plain picture, and of the others the one that correlates most with what is to be explained."""
    sample = slice(0, 300)
    centred = after[sample] - after[sample].mean()

    def agreement(turn: str) -> float:
        turned = np.ascontiguousarray(_TURNS[turn](before[sample])).reshape(-1, PIXELS).astype(np.float64)
        return abs(float(((turned - turned.mean()) * centred).sum()))

    return sorted(_TURNS, key=agreement, reverse=True)[:2]


def _value_changes(after: Any, before: Any) -> Iterator[tuple[str, _Values]]:
    finders = (_by_pixel, _by_table, _by_picture)
    return (found for finder in finders if (found := finder(after, before)) is not None)


def _fits(after: Any, explained: Any) -> bool:
    left = np.abs(after - explained).max(axis=0)
    return bool((left <= _ROUNDING * (np.ptp(after, axis=0) + 1e-2 * np.ptp(after))).all())


def _by_pixel(after: Any, before: Any) -> tuple[str, _Values] | None:
    """A factor and an offset for each pixel, by least squares."""
    centred = before - before.mean(axis=0)
    spread = (centred**2).sum(axis=0)
    factor = (centred * after).sum(axis=0) / np.where(spread, spread, 1)
    if not factor.any():
        return None
    # A pixel that is dark in all of these pictures tells no factor: it has the others' where they are all the same.
    known = factor[spread > 0]
    alike = np.ptp(known) <= 0.02 * np.abs(known).max() and np.median(known) != 0
    if alike:
        factor = np.full(PIXELS, np.median(known))
    offset = (after - before * factor).mean(axis=0)
    if not _fits(after, before * factor + offset):
        return None
    return ("every pixel scaled" if alike else "pixel by pixel"), lambda rows: rows * factor + offset


def _by_table(after: Any, before: Any) -> tuple[str, _Values] | None:
    """One new value for each of the 256 grey values, the same for all pixels."""
    grey = before.astype(int).reshape(-1)
    counts = np.bincount(grey, minlength=256)
    means = np.bincount(grey, after.reshape(-1), 256) / np.maximum(counts, 1)
    known = np.flatnonzero(counts)
    table = np.interp(np.arange(256), known, means[known])
    if not np.ptp(table) or not _fits(after, table[before.astype(int)]):
        return None
    return "the grey values changed", lambda rows: table[np.clip(np.rint(rows), 0, 255).astype(int)]


def _by_picture(after: Any, before: Any) -> tuple[str, _Values] | None:
    for words, values in _BY_PICTURE.items():
        explained = values(before)
        centred = explained - explained.mean()
        factor = float((centred * after).sum() / max(float((centred**2).sum()), 1e-12))
        offset = float((after - factor * explained).mean())
        if factor and _close(after, factor * explained + offset):
            return words, _scaled(values, factor, offset)
    return None


def _close(after: Any, explained: Any) -> bool:
    # A small constant is often added to a standard deviation, so that it never divides by zero.
    return bool(np.abs(after - explained).max() <= 1e-2 * np.ptp(after))


def _scaled(values: _Values, factor: float, offset: float) -> _Values:
    return lambda rows: factor * values(rows) + offset

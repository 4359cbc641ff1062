"""Digits that touch and that the finder left together: every way to cut their ink, from which the classifier chooses.

Ink is cut between digits by the middle that the finder says each of its pixels belongs to rather than by its column,
since digits lean and reach over one another. The cuts are the valleys of how many pixels point to a column, and the
best of all ways to combine them is found as the path of the highest probability through a lattice, as in LeCun, Bottou,
Bengio and Haffner 1998, "Gradient-based learning applied to document recognition", section VI.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inkdigits.reading.components import Component, Ink
from inkdigits.reading.finder import InkMaps

__all__ = ["Lattice", "cut_everywhere", "may_be_several", "split_at_wall"]

# The fraction of the ink of touching digits that the finder takes for digits', at the least (docs/log.md, 2026-11-30).
_MIN_DIGIT_FRACTION = 0.65
# Votes for a column are blurred over this fraction of the ink's height, and over so many pixels at the least.
_BLUR, _MIN_BLUR = 0.04, 0.6
_KERNEL = 4  # standard deviations to each side
# Of a part: its width and its height at most and at least, in heights of the ink; its ink, in pixels.
_MAX_WIDTH, _MIN_HEIGHT, _MIN_AREA = 1.5, 0.6, 6
_MAX_CUTS = 40  # more are a texture
# Of a wall that two digits share: how far it is from the middle of the ink by its width, and how much of its height is
# ink.
_WALL_SHIFT, _MIN_WALL = 0.15, 0.4
_LEAST = 1e-6  # of probabilities, so that they have a logarithm


@dataclass(frozen=True)
class Lattice:
    """Parts of ink between any two of its cuts: `spans` are the numbers of the cuts before and after each part.

    A way to cut all the ink is a path of spans from cut 0 to cut `end`.
    """

    end: int
    spans: tuple[tuple[int, int], ...]
    parts: tuple[Component, ...]

    def best_path(self, probabilities: Sequence[float], count: int | None = None) -> list[int]:
        """The places in `parts` of the path whose product of `probabilities` is highest, of `count` parts if given.

        Empty when there is none.
        """
        # The best path to each cut by its number of parts: the sum of logarithms, and the places.
        best: dict[tuple[int, int], tuple[float, list[int]]] = {(0, 0): (0.0, [])}
        for place in sorted(range(len(self.spans)), key=lambda place: self.spans[place][1]):
            first, last = self.spans[place]
            gain = math.log(max(_LEAST, probabilities[place]))
            for length in range(self.end if count is None else count):
                if (first, length) in best:
                    score, path = best[first, length]
                    new = score + gain, [*path, place]
                    best[last, length + 1] = max(best.get((last, length + 1), new), new, key=lambda one: one[0])
        whole = [one for (cut, length), one in best.items() if cut == self.end and count in (None, length)]
        return max(whole, key=lambda one: one[0], default=(0.0, []))[1]


def may_be_several(component: Component, min_aspect: float) -> bool:
    """Whether ink that is no digit to the classifier may be digits that touch: it is at least so wide by its height."""
    _, _, width, height = component.ink_box
    return component.digit_fraction >= _MIN_DIGIT_FRACTION and width >= min_aspect * height


def cut_everywhere(component: Component, maps: InkMaps) -> Lattice:
    """The lattice of the parts of `component`, ink of a view with these `maps`; without any where it has many cuts."""
    rows, columns = np.nonzero(component.cover > 127)
    if not len(rows):
        return Lattice(0, (), ())
    rows, columns = rows + component.y, columns + component.x
    middles = columns + maps.right[rows, columns]
    height = component.ink_box[3]
    cuts = [-np.inf, *_valleys(middles, max(_MIN_BLUR, _BLUR * height)), np.inf]
    if len(cuts) > _MAX_CUTS:
        return Lattice(0, (), ())
    ink, parts = Ink(maps, rows, columns), {}
    for first, last in itertools.combinations(range(len(cuts)), 2):
        places = np.flatnonzero((middles >= cuts[first]) & (middles < cuts[last]))
        if len(places) >= _MIN_AREA and _may_be_digit(rows[places], columns[places], height):
            parts[first, last] = ink.component(places)
    return Lattice(len(cuts) - 1, tuple(parts), tuple(parts.values()))


def _may_be_digit(rows: NDArray[np.intp], columns: NDArray[np.intp], height: int) -> bool:
    return bool(np.ptp(rows) >= _MIN_HEIGHT * height and np.ptp(columns) < _MAX_WIDTH * height)


def _valleys(middles: NDArray[np.floating], blur: float) -> list[float]:
    """Where between them fewer of `middles` lie than beside."""
    low = int(np.floor(middles.min())) - 1
    reach = math.ceil(_KERNEL * blur)
    kernel = np.exp(-((np.arange(-reach, reach + 1) / blur) ** 2) / 2)
    counts = np.pad(np.bincount(np.round(middles - low).astype(np.intp)), reach + 1)
    smooth = np.convolve(counts, kernel, mode="same")[reach:-reach]
    inner = smooth[1:-1]
    valleys = np.flatnonzero((inner <= smooth[:-2]) & (inner < smooth[2:])) + low
    return [float(place) for place in valleys if middles.min() < place < middles.max()]


def split_at_wall(component: Component) -> tuple[Component, ...]:
    """`component` as two parts that share a column of ink near its middle, as two zeros share a wall; none without."""
    height, width = component.cover.shape
    start, end = round((0.5 - _WALL_SHIFT) * width), round((0.5 + _WALL_SHIFT) * width)
    ink = component.cover.sum(axis=0, dtype=np.int64)
    if start == end or ink[start:end].max() < _MIN_WALL * 255 * height:
        return ()
    wall = start + int(ink[start:end].argmax())
    return _columns(component, 0, wall + 1), _columns(component, wall, width)


def _columns(component: Component, left: int, right: int) -> Component:
    cover = component.cover[:, left:right]
    return Component(component.x + left, component.y, right - left, component.h, cover, component.digit_fraction)

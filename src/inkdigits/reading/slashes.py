"""Slashes between digits, which the classifier takes for ones.

Many people's ones lean as a slash does: of MNIST's, 42 % are plain strokes that lean by more than 0.25. So a slash is
told by its size beside the digits around it, by how the other ones of its row lean, and by whether it is as straight
and even as in print, which 0.4 to 7.5 % of those ones are, the more the larger (docs/log.md, 2026-11-30).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from inkdigits.reading.components import Component
from inkdigits.reading.neighbours import are_in_one_row, nearest_after, nearest_before
from inkdigits.reading.reading import Box
from inkdigits.reading.segmentation import Candidate

__all__ = ["Leaning", "Stroke", "find_slashes", "leaning_strokes", "stroke_of"]

# What leans by less is no slash: those of 26 printed fonts lean by 0.27 to 0.55.
_MIN_SLANT = 0.25
# A printed slash is so much higher than the digits before and after it and reaches so far below them, in their heights;
# or it is as high, and leans so much more than another one of its row. A written one is larger still.
_MIN_HEIGHT, _MIN_BELOW, _MIN_EQUAL_HEIGHT, _MIN_STEEPER = 1.08, 0.06, 1.0, 0.2
_MIN_WRITTEN_HEIGHT, _MIN_WRITTEN_BEYOND = 1.3, 0.1
_MAX_GAP = 1.0  # between a slash and the digit beside it, in heights of the slash
# A plain stroke: without this fraction at both ends, how far it may be beside a straight line, in its heights, and how
# wide its widest row may be by the median.
_END, _MAX_DEVIATION, _MAX_WIDENING = 0.08, 0.06, 1.8
_MAX_PRINTED_DEVIATION, _MAX_PRINTED_WIDENING = 0.015, 1.5
_MIN_ROWS = 6


class Stroke(NamedTuple):
    """By how much ink leans to the right, in heights; whether it is one straight stroke, and one as in print."""

    slant: float
    is_plain: bool
    is_printed: bool


class Leaning(NamedTuple):
    """A plain stroke, and the boxes of the digits before and after it."""

    stroke: Stroke
    before: Box
    after: Box


def find_slashes(candidates: Sequence[Candidate], accepted: Sequence[bool]) -> list[int]:
    """The places of the slashes among `candidates`; `accepted` says which are taken for digits."""
    boxes = [one.component.ink_box for one in candidates]
    ones = [place for place, one in enumerate(candidates) if one.value == 1 and accepted[place]]

    def is_slash(place: int, leaning: Leaning) -> bool:
        height, above, below = _size_beside(boxes[place], (leaning.before, leaning.after))
        if not leaning.stroke.is_printed:
            return height >= _MIN_WRITTEN_HEIGHT and min(above, below) >= _MIN_WRITTEN_BEYOND
        if height >= _MIN_HEIGHT and below >= _MIN_BELOW:
            return True
        row = [one for one in ones if are_in_one_row(boxes[place], boxes[one])]
        least = min((stroke_of(candidates[one].component).slant for one in row), default=leaning.stroke.slant)
        return height >= _MIN_EQUAL_HEIGHT and leaning.stroke.slant >= least + _MIN_STEEPER

    return [place for place, leaning in leaning_strokes(candidates, accepted).items() if is_slash(place, leaning)]


def _size_beside(stroke: Box, digits: tuple[Box, Box]) -> tuple[float, float, float]:
    """The height of a stroke, and how far it reaches above and below both digits, in heights of a digit."""
    top, foot = stroke[1], stroke[1] + stroke[3]
    return (
        min(stroke[3] / box[3] for box in digits),
        min((box[1] - top) / box[3] for box in digits),
        min((foot - box[1] - box[3]) / box[3] for box in digits),
    )


def leaning_strokes(candidates: Sequence[Candidate], accepted: Sequence[bool]) -> dict[int, Leaning]:
    """The plain strokes that lean to the right between two digits near to them, by their places."""
    boxes = [one.component.ink_box for one in candidates]
    digits = [box for box, taken in zip(boxes, accepted, strict=True) if taken]
    found = {}
    for place, one in enumerate(candidates):
        stroke = stroke_of(one.component) if one.value == 1 else None
        if stroke is not None and stroke.is_plain and stroke.slant >= _MIN_SLANT:
            before, after = nearest_before(boxes[place], digits), nearest_after(boxes[place], digits)
            if before and after and max(before[0], after[0]) <= _MAX_GAP * boxes[place][3]:
                found[place] = Leaning(stroke, before[1], after[1])
    return found


def stroke_of(component: Component) -> Stroke:
    """How the ink of `component` leans."""
    ink = component.cover > 127
    rows = np.flatnonzero(ink.any(axis=1))
    if len(rows) < _MIN_ROWS:
        return Stroke(0.0, is_plain=False, is_printed=False)
    end = int(_END * len(rows))
    inner = rows[end : len(rows) - end]
    counts = ink[inner].sum(axis=1)
    middles = ink[inner] @ np.arange(ink.shape[1]) / counts
    slope, start = np.polyfit(inner, middles, 1)
    deviation = float(np.abs(middles - slope * inner - start).max()) / len(rows)
    widening = float(counts.max() / np.median(counts))
    is_whole = int(np.ptp(rows)) + 1 == len(rows)
    return Stroke(
        -float(slope),
        is_whole and deviation <= _MAX_DEVIATION and widening <= _MAX_WIDENING,
        is_whole and deviation <= _MAX_PRINTED_DEVIATION and widening <= _MAX_PRINTED_WIDENING,
    )

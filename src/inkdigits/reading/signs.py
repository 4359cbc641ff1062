"""Signs that the classifier takes for digits: %, brackets in pairs, slashes, commas, and strokes with a point, as in !.

Lengths are in heights of the sign. The limits were set by hand, by how people write and print; docs/log.md, 2026-11-30,
says what they refuse.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np

from inkdigits.reading.components import Component
from inkdigits.reading.neighbours import are_in_one_row, nearest_after, nearest_before
from inkdigits.reading.reading import Box
from inkdigits.reading.segmentation import Candidate
from inkdigits.reading.slashes import find_slashes

__all__ = ["Sign", "find_signs"]

Sign = Literal["%", "()", "point", "/", ","]
# The height of a circle of a %, how far it reaches beyond the stroke, and by how much one is higher than the other.
_MIN_CIRCLE, _MAX_CIRCLE, _MAX_BEYOND, _MIN_STEP = 0.25, 0.65, 0.55, 0.25
# A bracket whose middle is so far beside its ends, as in few ones, is at least so high by the digit beside it; one that
# bends less is higher (docs/log.md, 2026-11-30). The gap to that digit is in its heights.
_MIN_BOW, _MIN_BRACKET_HEIGHT = 0.06, 0.9
_MIN_SLIGHT_BOW, _MIN_HIGH_BRACKET_HEIGHT = 0.03, 1.2
_MAX_GAP = 0.8
# The height of a point, its width by its height, and the paper between it and its stroke, which is narrower in strokes
# that are interrupted; in pixels of the view, the height of a sign in which that is seen.
_MAX_POINT, _MIN_POINT_ASPECT, _MAX_POINT_ASPECT, _MIN_POINT_GAP = 0.25, 0.6, 1.7, 0.085
_MIN_POINTED_HEIGHT = 20
# Of a comma by the digit before it, in heights of that: its height, its top, its foot, and the gap between them.
_MAX_COMMA, _MIN_COMMA_TOP, _MIN_COMMA_FOOT, _MAX_COMMA_GAP = 0.45, 0.6, 1.0, 0.6


def find_signs(candidates: Sequence[Candidate], accepted: Sequence[bool]) -> list[Sign | None]:
    """The sign that each of `candidates` is, or is a part of; None for digits and everything else.

    `accepted` says which are taken for digits: brackets are told by the digits between them.
    """
    found: list[Sign | None] = [None] * len(candidates)
    for place, one in enumerate(candidates):
        if one.value in (1, 2, 3, 7) and _has_point(one.component):
            found[place] = "point"
        if one.value == 1:
            for part in _parts_of_percent(candidates, place):
                found[part] = "%"
    for place in _brackets(candidates, accepted):
        found[place] = "()"
    for place in find_slashes(candidates, accepted):
        found[place] = found[place] or "/"
    digits = [one.component.ink_box for one, taken in zip(candidates, accepted, strict=True) if taken]
    for place, one in enumerate(candidates):
        if found[place] is None and any(_is_comma(one.component.ink_box, digit) for digit in digits):
            found[place] = ","
    return found


def _is_comma(mark: Box, digit: Box) -> bool:
    """Whether a mark is as small and as low as a comma after a digit."""
    x, y, w, h = digit
    is_small = 0 < max(mark[2:]) <= _MAX_COMMA * h
    is_low = mark[1] >= y + _MIN_COMMA_TOP * h and mark[1] + mark[3] >= y + _MIN_COMMA_FOOT * h
    touches = mark[1] <= y + h
    return is_small and is_low and touches and 0 <= mark[0] + mark[2] - x - w <= (_MAX_COMMA_GAP + _MAX_COMMA) * h


def _parts_of_percent(candidates: Sequence[Candidate], place: int) -> list[int]:
    """The places of the stroke and the circles of a %, if the stroke at `place` is that of one."""
    x, y, w, h = candidates[place].component.ink_box
    before: list[tuple[int, int]] = []
    after: list[tuple[int, int]] = []
    for other, one in enumerate(candidates):
        left, top, width, height = one.component.ink_box
        beyond = max(x - left, left + width - x - w, y - top, top + height - y - h)
        if one.value == 0 and _MIN_CIRCLE * h <= height <= _MAX_CIRCLE * h and beyond <= _MAX_BEYOND * h:
            (before if left + width / 2 < x + w / 2 else after).append((top, other))
    if before and after and min(after)[0] - min(before)[0] >= _MIN_STEP * h:
        return [place, min(before)[1], min(after)[1]]
    return []


def _brackets(candidates: Sequence[Candidate], accepted: Sequence[bool]) -> Iterator[int]:
    """The places of each opening bracket and of the closing one nearest to it, if there is one in its row."""
    boxes = [one.component.ink_box for one in candidates]
    ones = [place for place, one in enumerate(candidates) if one.value == 1]
    bows = {place: _bow(candidates[place].component) for place in ones}
    digits = [box for place, box in enumerate(boxes) if accepted[place]]
    closing = [place for place in ones if _is_bracket(boxes[place], bows[place], nearest_before(boxes[place], digits))]
    for place in ones:
        if _is_bracket(boxes[place], -bows[place], nearest_after(boxes[place], digits)):
            right = boxes[place][0] + boxes[place][2]
            pairs = [
                (boxes[end][0], end)
                for end in closing
                if boxes[end][0] > right and are_in_one_row(boxes[place], boxes[end])
            ]
            if pairs:
                yield from (place, min(pairs)[1])


def _is_bracket(stroke: Box, bow: float, digit: tuple[int, Box] | None) -> bool:
    """Whether a stroke bends away from the nearest digit of its row and is as high as a bracket beside it."""
    if digit is None or bow < _MIN_SLIGHT_BOW:
        return False
    gap, (_, _, _, height) = digit
    least = _MIN_BRACKET_HEIGHT if bow >= _MIN_BOW else _MIN_HIGH_BRACKET_HEIGHT
    return gap <= _MAX_GAP * height and stroke[3] >= least * height


def _bow(stroke: Component) -> float:
    """How far the middle of a stroke is to the right of its ends."""
    rows, columns = np.nonzero(stroke.cover > 127)
    height = int(np.ptp(rows)) + 1 if rows.size else 1
    thirds = [columns[3 * (rows - rows[:1]) // height == part] for part in range(3)]
    if not all(third.size for third in thirds):
        return 0.0
    top, middle, foot = (float(third.mean()) for third in thirds)
    return (middle - (top + foot) / 2) / height


def _has_point(component: Component) -> bool:
    """Whether ink is a stroke and, above or below it, a point."""
    import cv2

    _, _, statistics, _ = cv2.connectedComponentsWithStats((component.cover > 127).astype(np.uint8), connectivity=8)
    if len(statistics) != 3:  # of the paper, and of two parts
        return False
    (_, y, _, h, _), (_, top, width, height, _) = sorted(statistics[1:].tolist(), key=lambda part: -part[3])
    whole = max(y + h, top + height) - min(y, top)
    gap = max(y, top) - min(y + h, top + height)
    is_round = _MIN_POINT_ASPECT * height <= width <= _MAX_POINT_ASPECT * height
    is_large = whole >= _MIN_POINTED_HEIGHT
    return bool(is_large and is_round and height <= _MAX_POINT * whole and gap >= _MIN_POINT_GAP * whole)

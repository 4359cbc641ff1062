"""Separators: points, commas, colons, minus signs and slashes between the digits of a row, by their shape and place.

Lengths are in heights of a digit. The limits were set by hand, by how people write; none was measured by itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from inkdigits.reading.reading import Box, Digit, Separator

__all__ = ["find_separators"]

_MAX_DOT = 0.32  # the longer side of a point
_MAX_COMMA = 0.55  # the height of a comma
_MAX_BAR_HEIGHT, _MIN_BAR_ASPECT, _MAX_BAR_WIDTH = 0.35, 1.8, 1.2  # of a minus sign
_MIN_SLASH_HEIGHT, _MAX_SLASH_ASPECT = 0.75, 0.9
# Where they are: 0 is the top of the digit before, 1 its foot.
_MIN_SLASH_TOP, _MAX_SLASH_TOP = -0.6, 0.4
_MIN_BAR_TOP, _MAX_BAR_BOTTOM = 0.1, 0.95
_MIN_DOT_BOTTOM, _MAX_DOT_BOTTOM = 0.15, 1.25
_MIN_COMMA_TOP, _MIN_COMMA_BOTTOM = 0.6, 1.0
_MAX_GAP = 1.6  # between a separator and the digit before or after it


def find_separators(digits: Sequence[Digit], marks: Sequence[Box]) -> tuple[Separator, ...]:
    """The separators among `marks`, the boxes of ink that is no digit's, in reading order.

    A separator stands to the right of an accepted digit of its row. Two points, one above the other, are a colon.
    """
    found: list[Separator] = []
    rows = sorted({digit.row for digit in digits if digit.is_accepted})
    for row in rows:
        own = sorted((one for one in digits if one.row == row and one.is_accepted), key=lambda one: one.box)
        separators = [one for mark in marks if (one := _separator(mark, own, row)) is not None]
        found += _with_colons(sorted(separators, key=lambda one: one.box[0]))
    return tuple(found)


def _separator(mark: Box, row: Sequence[Digit], number: int) -> Separator | None:
    before = [digit for digit in row if digit.box[0] + digit.box[2] / 2 < mark[0] + mark[2] / 2]
    if not before:
        return None
    x, y, w, h = before[-1].box
    height = max(h, w)
    if mark[0] - (x + w) > _MAX_GAP * height:
        return None
    # 0 at the top of the digit before it and 1 at its foot.
    top, bottom = (mark[1] - y) / height, (mark[1] + mark[3] - y) / height
    character = _character(mark[2] / height, mark[3] / height, top, bottom)
    return None if character is None else Separator(character, mark, number)


def _character(width: float, height: float, top: float, bottom: float) -> str | None:
    if height >= _MIN_SLASH_HEIGHT:
        return "/" if width <= _MAX_SLASH_ASPECT * height and _MIN_SLASH_TOP < top < _MAX_SLASH_TOP else None
    if height <= _MAX_BAR_HEIGHT and width >= _MIN_BAR_ASPECT * height and width <= _MAX_BAR_WIDTH:
        return "-" if top > _MIN_BAR_TOP and bottom < _MAX_BAR_BOTTOM else None
    if max(width, height) <= _MAX_DOT:
        return "." if _MIN_DOT_BOTTOM < bottom < _MAX_DOT_BOTTOM else None
    is_small = height <= _MAX_COMMA and width <= _MAX_COMMA
    return "," if is_small and top > _MIN_COMMA_TOP and bottom > _MIN_COMMA_BOTTOM else None


def _with_colons(separators: list[Separator]) -> list[Separator]:
    """Pairs of points, one above the other, as one colon each; a single point far above the foot is left out."""
    found: list[Separator] = []
    for one in separators:
        last = found[-1] if found else None
        if last is not None and one.character == last.character == "." and _is_above(one.box, last.box):
            found[-1] = Separator(":", _around(one.box, last.box), one.row)
        else:
            found.append(one)
    return found


def _is_above(first: Box, second: Box) -> bool:
    return abs(first[0] - second[0]) <= max(first[2], second[2]) and abs(first[1] - second[1]) > max(
        first[3], second[3]
    )


def _around(first: Box, second: Box) -> Box:
    x, y = min(first[0], second[0]), min(first[1], second[1])
    right, bottom = (max(one[side] + one[side + 2] for one in (first, second)) for side in (0, 1))
    return x, y, right - x, bottom - y

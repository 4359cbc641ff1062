"""Digits that touch and that the finder left together, where a known length tells: cut through the least ink."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from inkdigits.reading.components import Component

__all__ = ["split_at_wall", "split_touching"]

# How far a cut may be from where even parts would have it, as a fraction of a part's width.
_MAX_SHIFT = 0.3
_MIN_WIDTH = 4  # pixels, of a part
_MIN_WALL = 0.4  # of the height, that a wall which two digits share is inked


def split_touching(component: Component, count: int) -> tuple[Component, ...]:
    """`component` as `count` parts side by side, cut from top to bottom; none where it is too narrow for them."""
    width = component.cover.shape[1]
    if width < count * _MIN_WIDTH:
        return ()
    ink = component.cover.sum(axis=0, dtype=np.int64)
    reach = max(1, round(_MAX_SHIFT * width / count))
    cuts = [0]
    for number in range(1, count):
        low = max(cuts[-1] + 1, round(number * width / count) - reach)
        high = max(low + 1, min(width, round(number * width / count) + reach + 1))
        cuts.append(low + int(ink[low:high].argmin()))
    parts = [_part(component, left, right) for left, right in pairwise([*cuts, width])]
    kept = tuple(part for part in parts if part is not None)
    return kept if len(kept) == count else ()


def split_at_wall(component: Component) -> tuple[Component, ...]:
    """`component` as two parts that share a column of ink in their middle, as two zeros share a wall; none without."""
    height, width = component.cover.shape
    middle = range(round((0.5 - _MAX_SHIFT / 2) * width), round((0.5 + _MAX_SHIFT / 2) * width))
    if width < 2 * _MIN_WIDTH or not middle:
        return ()
    ink = component.cover.sum(axis=0, dtype=np.int64)
    wall = middle.start + int(ink[middle.start : middle.stop].argmax())
    if ink[wall] < _MIN_WALL * 255 * height:
        return ()
    parts = [part for part in (_part(component, 0, wall + 1), _part(component, wall, width)) if part is not None]
    return tuple(parts) if len(parts) == 2 else ()


def _part(component: Component, left: int, right: int) -> Component | None:
    """The columns from `left` to before `right`, without rows that have no ink; None where there is none."""
    cover = component.cover[:, left:right]
    rows = np.flatnonzero((cover > 127).any(axis=1))
    if not len(rows):
        return None
    top, bottom = max(0, int(rows[0]) - 1), int(rows[-1]) + 2
    cover = cover[top:bottom]
    height, width = cover.shape
    return Component(component.x + left, component.y + top, width, height, cover, component.digit_fraction)

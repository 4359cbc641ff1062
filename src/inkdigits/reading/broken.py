"""Digits that are broken in two, as by a pen that skips: one part above the other, together as high as the row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from inkdigits.reading.components import Component

__all__ = ["broken_pairs", "joined"]

Boxes = NDArray[np.float64]
# In heights of the other digits of the row: how high both parts are together, how high each is at the most, how far
# they are apart, and how far the middle of one may lie beside that of the other. Set by hand: with them 89 of 95 drawn
# rows with a broken digit are read, 87 without, and of 55 rows without one as many (docs/log.md, 2026-11-30).
_MIN_HEIGHT, _MAX_HEIGHT, _MAX_PART = 0.75, 1.25, 0.75
_MAX_GAP, _MAX_ASIDE = 0.3, 0.3
_MIN_OTHERS = 2  # digits of the row


def broken_pairs(components: Sequence[Component]) -> list[tuple[int, int]]:
    """The places of the upper and the lower part of everything that may be a digit broken in two."""
    if len(components) < 2 + _MIN_OTHERS:
        return []
    boxes = np.array([component.ink_box for component in components], float)
    x, y, w, h = boxes.T
    middles, bottoms = x + w / 2, y + h
    together = bottoms[None, :] - y[:, None]  # as high as both are, the upper one in rows, the lower one in columns
    # What no height of a row allows is left out at once: a page has hundreds of components.
    near = abs(middles[:, None] - middles[None, :]) <= _MAX_ASIDE / _MIN_HEIGHT * together
    near &= y[None, :] - bottoms[:, None] <= _MAX_GAP / _MIN_HEIGHT * together
    near &= (y[None, :] > (y + h / 2)[:, None]) & (bottoms[None, :] > bottoms[:, None])
    return [(int(upper), int(lower)) for upper, lower in np.argwhere(near) if _are_as_high_as_row(boxes, upper, lower)]


def _are_as_high_as_row(boxes: Boxes, upper: int, lower: int) -> bool:
    (x, top, w, h), (x_below, top_below, w_below, h_below) = boxes[upper], boxes[lower]
    bottom = top_below + h_below
    others = np.delete(boxes, (upper, lower), axis=0)
    middles = others[:, 1] + others[:, 3] / 2
    heights = others[(middles > top) & (middles < bottom), 3]
    if len(heights) < _MIN_OTHERS:
        return False
    row = float(np.median(heights))
    return bool(
        _MIN_HEIGHT * row <= bottom - top <= _MAX_HEIGHT * row
        and max(h, h_below) <= _MAX_PART * row
        and top_below - (top + h) <= _MAX_GAP * row
        and abs(x + w / 2 - x_below - w_below / 2) <= _MAX_ASIDE * row
    )


def joined(upper: Component, lower: Component) -> Component:
    """Both components as one."""
    left, top = min(upper.x, lower.x), min(upper.y, lower.y)
    right = max(upper.x + upper.w, lower.x + lower.w)
    bottom = max(upper.y + upper.h, lower.y + lower.h)
    cover = np.zeros((bottom - top, right - left), np.uint8)
    for part in (upper, lower):
        place = cover[part.y - top : part.y - top + part.h, part.x - left : part.x - left + part.w]
        np.maximum(place, part.cover, out=place)
    areas = [upper.area, lower.area]
    fraction = float(np.average([upper.digit_fraction, lower.digit_fraction], weights=areas)) if any(areas) else 0.0
    return Component(left, top, right - left, bottom - top, cover, fraction)

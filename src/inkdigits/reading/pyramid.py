"""A picture at the sizes of its views: the largest reduced copy is made of the picture, each smaller one by halving.

A photo has 12 megapixels and its largest view less than one: to reduce the photo for every view would take longer than
all that is done with these copies but the finder's work.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["MIN_SIDE", "Pyramid", "resized", "view_sides"]

Pixels = NDArray[np.uint8]
MIN_SIDE = 128  # pixels, of the longer side of the smallest view
# Pictures up to this size, mostly of one digit as tall as they are, have a smaller view before that, which is enough.
_SMALL, _SMALL_SIDE = 32, 64  # pixels
_MAX_PIXELS = 1_100_000  # of the largest view, which bounds time and memory
_MAX_PART = 0.75  # of the picture's longer side, that a view may be for a larger one to follow


@dataclass(frozen=True)
class Pyramid:
    """A picture, `pixels` uint8 (h, w) or (h, w, 3), and its reduced copies by their longer sides."""

    pixels: Pixels
    reduced: Mapping[int, Pixels]

    @classmethod
    def of(cls, pixels: Pixels) -> Pyramid:
        """The picture with a copy for each of its views that is smaller."""
        longer = max(pixels.shape[:2])
        above, copies = pixels, {}
        for side in sorted(view_sides(pixels), reverse=True):
            if side < longer:
                above = copies[side] = _resized(above, _size(pixels, side / longer))
        return cls(pixels, copies)

    def copy(self, side: int) -> Pixels:
        """The picture with a longer side of `side` pixels, one of `view_sides`."""
        reduced = self.reduced.get(side)
        return resized(self.pixels, side / max(self.pixels.shape[:2]))[0] if reduced is None else reduced

    def turned(self, quarters: int) -> Pyramid:
        """The picture turned counter-clockwise by so many quarters of a circle, and its copies with it."""
        copies = {side: np.rot90(copy, quarters) for side, copy in self.reduced.items()}
        return Pyramid(np.rot90(self.pixels, quarters), copies)


def view_sides(pixels: Pixels) -> list[int]:
    """The longer sides of the views to try, each twice the one before, up to the picture's own size."""
    height, width = pixels.shape[:2]
    longer, shorter = max(height, width), min(height, width)
    sides = [MIN_SIDE, 2 * MIN_SIDE]
    while sides[-1] < _MAX_PART * longer and (2 * sides[-1]) ** 2 * shorter / longer <= _MAX_PIXELS:
        sides.append(2 * sides[-1])
    return [_SMALL_SIDE, *sides] if longer <= _SMALL else sides


def resized(pixels: Pixels, scale: float) -> tuple[Pixels, float]:
    """`pixels` `scale` times as large, and the scale that whole pixels allow along the longer side."""
    size = _size(pixels, scale)
    return _resized(pixels, size), max(size) / max(pixels.shape[:2])


def _size(pixels: Pixels, scale: float) -> tuple[int, int]:
    """Width and height of a copy."""
    height, width = pixels.shape[:2]
    return max(1, round(width * scale)), max(1, round(height * scale))


def _resized(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    import cv2

    method = cv2.INTER_AREA if max(size) < max(pixels.shape[:2]) else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, size, interpolation=method), np.uint8)

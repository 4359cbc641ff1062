"""Views of a picture: what the finder sees of it at one size, and where that is in the picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inkdigits.reading.finder import MULTIPLE, Finder, InkMaps

__all__ = ["MARGIN", "View", "resized", "show", "view_sides"]

Pixels = NDArray[np.uint8]
# Paper that is added around the picture, in pixels of the view, so that ink at its edge has paper beside it.
MARGIN = 8
_MIN_SIDE = 128  # pixels, of the longer side of the smallest view
# Pictures up to this size, mostly of one digit as tall as they are, have a smaller view before that, which is enough.
_SMALL, _SMALL_SIDE = 32, 64  # pixels
_MAX_PIXELS = 1_100_000  # of the largest view, which bounds time and memory
_MAX_PART = 0.75  # of the picture's longer side, that a view may be for a larger one to follow


@dataclass(frozen=True)
class View:
    """The finder's maps of a picture of `size` (width, height) that is shown `scale` times as large, with a margin."""

    maps: InkMaps
    scale: float
    size: tuple[int, int]

    def to_picture(self, x: int, y: int, w: int, h: int) -> tuple[int, int, int, int]:
        """A box of the maps in whole pixels of the picture: x, y, width and height, at least a pixel within it."""
        left, right = self._span(x, w, self.size[0])
        top, bottom = self._span(y, h, self.size[1])
        return left, top, right - left, bottom - top

    def _span(self, start: int, length: int, limit: int) -> tuple[int, int]:
        low = min(max(0, round((start - MARGIN) / self.scale)), limit - 1)
        return low, min(limit, max(low + 1, round((start + length - MARGIN) / self.scale)))


def view_sides(pixels: Pixels) -> list[int]:
    """The longer sides of the views to try, each twice the one before, up to the picture's own size."""
    height, width = pixels.shape[:2]
    longer, shorter = max(height, width), min(height, width)
    sides = [_MIN_SIDE, 2 * _MIN_SIDE]
    while sides[-1] < _MAX_PART * longer and (2 * sides[-1]) ** 2 * shorter / longer <= _MAX_PIXELS:
        sides.append(2 * sides[-1])
    return [_SMALL_SIDE, *sides] if longer <= _SMALL else sides


def show(pixels: Pixels, side: int, finder: Finder) -> View:
    """The view of a picture, uint8 (h, w) or (h, w, 3), with a longer side of `side` pixels."""
    shown, scale = resized(pixels, side / max(pixels.shape[:2]))
    height, width = shown.shape[:2]
    framed = _framed(shown if shown.ndim == 3 else np.repeat(shown[:, :, None], 3, axis=2))
    maps = finder.maps(framed)
    inner = np.s_[: height + 2 * MARGIN, : width + 2 * MARGIN]
    return View(
        InkMaps(maps.digit[inner], maps.other[inner], maps.right[inner], maps.down[inner]), scale, pixels.shape[1::-1]
    )


def resized(pixels: Pixels, scale: float) -> tuple[Pixels, float]:
    """`pixels` `scale` times as large, and the scale that whole pixels allow along the longer side."""
    import cv2

    height, width = pixels.shape[:2]
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, size, interpolation=method), np.uint8), max(size) / max(height, width)


def _framed(shown: Pixels) -> Pixels:
    """`shown` with a margin in the colour of its border, and sides that are multiples of the finder's."""
    import cv2

    height, width = shown.shape[:2]
    border = np.concatenate([shown[0], shown[-1], shown[:, 0], shown[:, -1]])
    colour = [float(value) for value in np.median(border, axis=0)]
    below, right = ((-(length + 2 * MARGIN)) % MULTIPLE + MARGIN for length in (height, width))
    return np.asarray(
        cv2.copyMakeBorder(shown, MARGIN, below, MARGIN, right, cv2.BORDER_CONSTANT, value=colour), np.uint8
    )

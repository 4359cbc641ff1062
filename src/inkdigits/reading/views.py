"""Views of a picture: what the finder sees of it at one size, and where that is in the picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inkdigits.reading.finder import MULTIPLE, Finder, InkMaps
from inkdigits.reading.pyramid import Pyramid

__all__ = ["MARGIN", "View", "show"]

Pixels = NDArray[np.uint8]
# Paper that is added around the picture, in pixels of the view, so that ink at its edge has paper beside it.
MARGIN = 8


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


def show(picture: Pyramid, side: int, finder: Finder) -> View:
    """The view of a picture with a longer side of `side` pixels."""
    shown = picture.copy(side)
    height, width = shown.shape[:2]
    framed = _framed(shown if shown.ndim == 3 else np.repeat(shown[:, :, None], 3, axis=2))
    maps = finder.maps(framed)
    inner = np.s_[: height + 2 * MARGIN, : width + 2 * MARGIN]
    found = InkMaps(maps.digit[inner], maps.other[inner], maps.right[inner], maps.down[inner])
    size = picture.pixels.shape[1::-1]
    return View(found, side / max(size), size)


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

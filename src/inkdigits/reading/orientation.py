"""Quarter turns: pictures whose digits lie on their side or upside down, found only where it is certain.

A picture is turned only if several digits, not all of them strokes or rings, are read confidently one way and few of
them the way it is. Many digits upside down are digits too (6 and 9, 0, 1, 8), so a page of few digits is never turned.
The limits were set on drawn pages in all four turns, of which none was turned wrongly (docs/log.md, 2026-11-29).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from inkdigits.reading.decide import decide
from inkdigits.reading.pyramid import Pyramid
from inkdigits.reading.reading import Box
from inkdigits.reading.segmentation import Segmentation

__all__ = ["QUARTER_TURNS", "Orientation", "Rotation", "certainly_turned", "may_be_turned"]

# By how many degrees the digits of a picture are turned clockwise.
Rotation = Literal[0, 90, 180, 270]
QUARTER_TURNS: tuple[Rotation, ...] = (90, 180, 270)
_MIN_SIDE = 256  # pixels; smaller pictures are drawings of programs and data sets
# Of a turned view: how many digits other than 0 and 1, the fraction of its candidates that are digits, and their mean
# confidence.
_MIN_TELLING, _MIN_DIGITS, _MIN_MEAN = 3, 0.8, 0.85
# The mean confidence of the view as it is, at most, and by how much that of the turned one must be higher.
_MAX_MEAN, _MIN_RISE = 0.7, 0.2


@dataclass(frozen=True)
class Orientation:
    """How the part of a picture that is read lies in it: its place, its size, and how far its digits are turned.

    `left`, `top`, `width` and `height` are in pixels of the picture.
    """

    left: int
    top: int
    width: int
    height: int
    rotation: Rotation = 0

    def of_box(self, left: int, top: int, size: tuple[int, int]) -> Orientation:
        """How a box of this part lies in the picture, turned as the part; `size` is (width, height)."""
        return replace(self, left=self.left + left, top=self.top + top, width=size[0], height=size[1])

    def upright(self, picture: Pyramid) -> Pyramid:
        """The part turned so that its digits stand upright."""
        return picture.turned(self.rotation // 90)

    def in_picture(self, box: Box) -> Box:
        """A box of the upright part as a box of the picture."""
        x, y, w, h = box
        if self.rotation == 90:
            x, y, w, h = self.width - y - h, x, h, w
        elif self.rotation == 180:
            x, y = self.width - x - w, self.height - y - h
        elif self.rotation == 270:
            x, y, w, h = y, self.height - x - w, h, w
        return x + self.left, y + self.top, w, h


def may_be_turned(found: Segmentation, pixels: NDArray[np.uint8]) -> bool:
    """Whether a picture whose digits look like this deserves a look at its other three turns."""
    return max(pixels.shape[:2]) >= _MIN_SIDE and bool(found.candidates) and _mean_confidence(found) <= _MAX_MEAN


def certainly_turned(as_it_is: Segmentation, turned: Sequence[Segmentation], threshold: float) -> int | None:
    """The place in `turned`, segmentations of the picture turned, of the one that reads certainly; None without one."""
    best = max(range(len(turned)), key=lambda place: _mean_confidence(turned[place]))
    outcomes = decide(turned[best], threshold)
    digits = [one for one, outcome in zip(turned[best].candidates, outcomes, strict=True) if outcome == "digit"]
    telling = sum(one.value not in (0, 1) for one in digits)
    mean = _mean_confidence(turned[best])
    confident = mean >= max(_MIN_MEAN, _mean_confidence(as_it_is) + _MIN_RISE)
    return best if telling >= _MIN_TELLING and len(digits) >= _MIN_DIGITS * len(outcomes) and confident else None


def _mean_confidence(found: Segmentation) -> float:
    return float(np.mean([one.confidence for one in found.candidates])) if found.candidates else 0.0

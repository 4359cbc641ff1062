"""What is drawn on a page: how much ink of digits and of other writing covers each pixel, and where each digit is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from inkdigits.synthesis.pages.shapes import Shape

__all__ = ["OFFSET_UNIT", "Canvas", "DrawnDigit", "Transform", "affine", "apply"]

Floats = NDArray[np.float32]
# A 2x3 matrix that maps (x, y).
Transform = NDArray[np.float64]
OFFSET_UNIT = 32.0  # pixels; offsets are given in it, so that they are about as large as the other targets


def affine(scale: float, angle: float = 0.0, slant: float = 0.0, aspect: float = 1.0) -> Transform:
    """A scaling, slant and rotation (radians) around the origin; `aspect` makes wider."""
    cosine, sine = np.cos(angle), np.sin(angle)
    linear = np.array([[cosine, -sine], [sine, cosine]]) @ np.array([[aspect, -slant], [0, 1]]) * scale
    return np.column_stack([linear, np.zeros(2)])


def apply(transform: Transform, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """`points` (n, 2) of (x, y), transformed."""
    return np.asarray(points @ transform[:, :2].T + transform[:, 2], np.float64)


def combined(outer: Transform, inner: Transform) -> Transform:
    """The transform that applies `inner`, then `outer`."""
    return np.column_stack([outer[:, :2] @ inner[:, :2], outer[:, :2] @ inner[:, 2] + outer[:, 2]])


class DrawnDigit(NamedTuple):
    """A digit on a page: its value, and x, y, width and height of its ink in pixels."""

    value: int
    box: tuple[int, int, int, int]


@dataclass(frozen=True)
class Canvas:
    """Coverages float32 (side, side) in [0, 1] by ink of digits and of other writing, and `offset` (2, side, side).

    `offset` is, at the ink of a digit, the way (x, y) to the middle of that digit's box in units of 32 pixels. `digits`
    are the digits drawn, each with the box of its pixels of ink.
    """

    side: int
    digit: Floats = field(init=False)
    other: Floats = field(init=False)
    offset: Floats = field(init=False)
    digits: list[DrawnDigit] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        object.__setattr__(self, "digit", np.zeros((self.side, self.side), np.float32))
        object.__setattr__(self, "other", np.zeros((self.side, self.side), np.float32))
        object.__setattr__(self, "offset", np.zeros((2, self.side, self.side), np.float32))

    def draw(self, shape: Shape, distance: Floats, transform: Transform, *, is_digit: bool) -> None:
        """Draw a shape, of which `distance` is the distance from the edge of its strokes in pixels of its field."""
        import cv2

        window = self._window(shape, distance, transform)
        if window is None:
            return
        left, top, right, bottom = window
        moved = transform.copy()
        moved[:, 2] -= (left, top)
        size = (right - left, bottom - top)
        scale = float(np.sqrt(abs(np.linalg.det(transform[:, :2]))))
        drawn = cv2.warpAffine(distance, moved, size, flags=cv2.INTER_LINEAR, borderValue=1e3)
        cover = np.clip(0.5 - drawn * scale, 0, 1)
        if is_digit and shape.value is not None:
            self.draw_digit(cover, left, top, shape.value)
        else:
            self.draw_other(cover, left, top)

    def _window(self, shape: Shape, distance: Floats, transform: Transform) -> tuple[int, int, int, int] | None:
        """Left, top, right and bottom of the part of the canvas that the shape may cover."""
        x, y, w, h = shape.box
        reach = max(1.0, float(-distance.min()))
        corners = np.array([[x - reach, y - reach], [x + w + reach, y - reach], [x - reach, y + h + reach]])
        corners = np.concatenate([corners, [[x + w + reach, y + h + reach]]])
        mapped = apply(transform, corners)
        left, top = np.floor(mapped.min(axis=0)).astype(int) - 1
        right, bottom = np.ceil(mapped.max(axis=0)).astype(int) + 2
        left, top, right, bottom = max(0, left), max(0, top), min(self.side, right), min(self.side, bottom)
        return (left, top, right, bottom) if right > left and bottom > top else None

    def draw_digit(self, cover: Floats, left: int, top: int, value: int) -> None:
        """Add a digit of that value that covers a part of the canvas from (`left`, `top`) on."""
        inked = cover > 0.5
        if not inked.any():
            return
        height, width = cover.shape
        part = np.s_[top : top + height, left : left + width]
        rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
        x, y = int(columns[0]) + left, int(rows[0]) + top
        w, h = int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1
        self.digits.append(DrawnDigit(value, (x, y, w, h)))
        middle = y + (h - 1) / 2, x + (w - 1) / 2
        down, across = np.mgrid[part]
        strongest = cover > self.digit[part]
        self.offset[0][part][strongest] = ((middle[1] - across) / OFFSET_UNIT)[strongest]
        self.offset[1][part][strongest] = ((middle[0] - down) / OFFSET_UNIT)[strongest]
        np.maximum(self.digit[part], cover, out=self.digit[part])

    def draw_other(self, cover: Floats, left: int, top: int) -> None:
        """Add other writing that covers a part of the canvas from (`left`, `top`) on."""
        height, width = cover.shape
        part = np.s_[top : top + height, left : left + width]
        np.maximum(self.other[part], cover, out=self.other[part])

    def draw_line(self, points: NDArray[np.float64], pen: float) -> None:
        """Add a line through `points` (n, 2) in pixels, of other writing."""
        np.maximum(self.other, line_cover(self.side, points, pen), out=self.other)


def line_cover(side: int, points: NDArray[np.float64], pen: float, *, closed: bool = False) -> Floats:
    """The coverage (side, side) by a line through `points` (n, 2) in pixels, `pen` pixels wide."""
    import cv2

    drawn = np.zeros((side, side), np.uint8)
    fixed = np.round(points * 16).astype(np.int32)
    cv2.polylines(drawn, [fixed], closed, 255, max(1, round(pen)), cv2.LINE_AA, 4)
    # A line thinner than a pixel covers less of it.
    return (drawn * np.float32(min(1.0, max(pen, 0.4)) / 255)).astype(np.float32)

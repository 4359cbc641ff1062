"""Rows of handwritten digits, for `rows.py` and tests: apart, close, touching, uneven, in the boxes of a form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets.labelled import LabelledDigits

__all__ = ["HEIGHT", "Spacing", "resized", "written_row"]

Pixels = NDArray[np.uint8]
HEIGHT = 56  # pixels, of a digit
_INK = 100  # of 255: touching digits touch with pixels above it


@dataclass(frozen=True)
class Spacing:
    """How digits stand in a row: gaps between `narrowest` and `widest`, in heights of a digit.

    `touching` moves "one" digit or "all" to the left until they touch the one before. `uneven` is the deviation of
    heights and of the base line, `least` and `most` are numbers of digits, `margin` is paper above and below besides.
    """

    narrowest: float
    widest: float
    touching: Literal["none", "one", "all"] = "none"
    uneven: float = 0.04
    boxes: bool = False
    margin: float = 0.0
    least: int = 2
    most: int = 7


def written_row(digits: LabelledDigits, spacing: Spacing, rng: np.random.Generator) -> tuple[Pixels, str]:
    """A row, ink uint8 (h, w), white on black, and its digits."""
    count = int(rng.integers(spacing.least, spacing.most + 1))
    touches = {"none": set(), "one": {int(rng.integers(1, max(2, count)))}, "all": set(range(1, count))}[
        spacing.touching
    ]
    page, right, label = np.zeros((2 * HEIGHT, 3 * HEIGHT * (count + 1)), np.uint8), HEIGHT // 2, ""
    for place in range(count):
        row = int(rng.integers(len(digits)))
        ink = resized(digits.images[row], HEIGHT * float(np.exp(rng.normal(0, spacing.uneven))))
        height, width = ink.shape
        top = int(np.clip(HEIGHT - height / 2 + rng.normal(0, spacing.uneven) * HEIGHT, 0, 2 * HEIGHT - height))
        left = right + round(HEIGHT * rng.uniform(spacing.narrowest, spacing.widest)) if place else right
        if place in touches:
            left = _touching(page[top : top + height], ink, right)
        part = np.s_[top : top + height, left : left + width]
        page[part] = np.maximum(page[part], ink)
        if spacing.boxes:
            cv2.rectangle(page, (left - 12, 14), (left + width + 12, 2 * HEIGHT - 14), 150, 2)
        right, label = left + width, label + str(digits.labels[row])
    margin = round(spacing.margin * HEIGHT)
    return np.pad(page[:, : right + HEIGHT // 2], ((margin, margin), (0, 0))), label


def resized(digit: Pixels, height: float) -> Pixels:
    """The ink of a digit, `height` pixels high."""
    x, y, w, h = cv2.boundingRect((digit > 60).astype(np.uint8))
    size = (max(4, round(w * height / h)), max(4, round(height)))
    return np.asarray(cv2.resize(digit[y : y + h, x : x + w], size, interpolation=cv2.INTER_CUBIC), np.uint8)


def _touching(page: Pixels, ink: Pixels, right: int) -> int:
    """The column, from `right` to the left, from which on the ink touches what is on the page."""
    near = cv2.dilate(ink, np.ones((3, 3), np.uint8)) > _INK
    left = right
    while left > 0 and not ((page[:, left : left + ink.shape[1]] > _INK) & near).any():
        left -= 1
    return left

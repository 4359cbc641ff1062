"""Maps as the finder gives them, drawn by hand: solid boxes of ink."""

from __future__ import annotations

import numpy as np

from inkdigits.reading.finder import InkMaps
from inkdigits.reading.views import View

SHAPE = (120, 200)
Box = tuple[int, int, int, int]


def maps(digits: list[list[Box]], other: list[Box] = []) -> InkMaps:  # noqa: B006  # never changed
    """Digits, each a list of boxes (x, y, width, height) of ink, and boxes of other ink."""
    digit, else_, right, down = (np.zeros(SHAPE, np.float32) for _ in range(4))
    for boxes in digits:
        left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
        middle_x = (left + max(x + w for x, _, w, _ in boxes) - 1) / 2
        middle_y = (top + max(y + h for _, y, _, h in boxes) - 1) / 2
        for x, y, w, h in boxes:
            part = np.s_[y : y + h, x : x + w]
            rows, columns = np.mgrid[part]
            digit[part], right[part], down[part] = 1, middle_x - columns, middle_y - rows
    for x, y, w, h in other:
        else_[y : y + h, x : x + w] = 1
    return InkMaps(digit, else_, right, down)


def view(digits: list[list[Box]], other: list[Box] = []) -> View:  # noqa: B006  # never changed
    """A view that shows one pixel of the picture as one pixel."""
    return View(maps(digits, other), 1.0, (SHAPE[1], SHAPE[0]))

"""Handwritten numbers with what people write beside digits, for `rows.py`: separators, brackets, ticks, digits crossed
out, and columns of figures.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from written_rows import HEIGHT, Spacing, resized, written_row

from inkdigits.datasets.labelled import LabelledDigits

__all__ = ["MARKS", "written_column", "written_number"]

Pixels = NDArray[np.uint8]
Stroke = Sequence[tuple[float, float]]
_PEN = 6  # pixels
_GAP = (0.12, 0.3)  # between digits and marks, in heights of a digit
# Strokes in heights of a digit, from the left end of the mark and the base line on, upwards.
MARKS: dict[str, Sequence[Stroke]] = {
    "comma": [[(0.06, 0.04), (0.0, -0.2)]],
    "decimal point": [[(0.0, 0.02), (0.02, 0.0)]],
    "colon": [[(0.0, 0.65), (0.02, 0.63)], [(0.0, 0.17), (0.02, 0.15)]],
    "minus sign": [[(0.0, 0.5), (0.42, 0.52)]],
    "slash": [[(0.45, 1.1), (0.0, -0.1)]],
    "tick": [[(0.0, 0.45), (0.2, 0.05), (0.65, 1.05)]],
}


def written_number(digits: LabelledDigits, mark: str, rng: np.random.Generator) -> tuple[Pixels, str]:
    """Three to six digits with a mark of `MARKS`, "brackets" around some or one "crossed out": uint8 (h, w), the label.

    The ink is white on black. A tick stands after the last digit; a digit that is crossed out is not in the label.
    """
    count = int(rng.integers(3, 7))
    place = count if mark == "tick" else int(rng.integers(1, count))
    page, right, label = np.zeros((2 * HEIGHT, 3 * HEIGHT * (count + 3)), np.uint8), HEIGHT // 2, ""
    if mark == "brackets":
        right = _draw(page, [_bracket(1, rng)], right, rng)
    for number in range(count + 1):
        if number == place and mark != "crossed out":
            right = _draw(page, [_bracket(-1, rng)] if mark == "brackets" else MARKS[mark], right, rng)
        if number < count:
            row = int(rng.integers(len(digits)))
            left, right = _draw_digit(page, digits.images[row], right, rng)
            if mark == "crossed out" and number == place:
                _cross_out(page, left, right, rng)
            else:
                label += str(digits.labels[row])
    return page[:, : right + HEIGHT // 2], label


def written_column(digits: LabelledDigits, rng: np.random.Generator) -> tuple[Pixels, str]:
    """Three to five rows of one to four digits below one another, ending at one place: uint8 (h, w), and the rows."""
    rows = [written_row(digits, Spacing(0.1, 0.35, least=1, most=4), rng) for _ in range(int(rng.integers(3, 6)))]
    width = max(ink.shape[1] for ink, _ in rows)
    aligned = [np.pad(ink, ((0, 0), (width - ink.shape[1], 0))) for ink, _ in rows]
    return np.concatenate(aligned), "\n".join(label for _, label in rows)


def _draw_digit(page: Pixels, digit: Pixels, right: int, rng: np.random.Generator) -> tuple[int, int]:
    """Draw a digit after `right`; the columns where it starts and ends."""
    ink = resized(digit, HEIGHT * float(np.exp(rng.normal(0, 0.04))))
    height, width = ink.shape
    left, top = right + round(HEIGHT * rng.uniform(*_GAP)), HEIGHT - height // 2
    part = np.s_[top : top + height, left : left + width]
    page[part] = np.maximum(page[part], ink)
    return left, left + width


def _draw(page: Pixels, strokes: Sequence[Stroke], right: int, rng: np.random.Generator) -> int:
    """Draw a mark after `right`; the column where it ends."""
    left = right + round(HEIGHT * rng.uniform(*_GAP))
    for stroke in strokes:
        points = [(left + HEIGHT * x, HEIGHT * (1.5 - y)) for x, y in stroke]
        cv2.polylines(page, [np.round(points).astype(np.int32)], False, 255, _PEN, cv2.LINE_AA)
    return left + math.ceil(HEIGHT * max(x for stroke in strokes for x, _ in stroke)) + _PEN // 2


def _bracket(side: int, rng: np.random.Generator) -> Stroke:
    """An arc that opens to the right (1) or left (-1)."""
    depth, ends = rng.uniform(0.15, 0.28), np.linspace(-1, 1, 12)
    return [(depth * (end**2 if side == 1 else 1 - end**2), 0.5 + 0.65 * float(end)) for end in ends]


def _cross_out(page: Pixels, left: int, right: int, rng: np.random.Generator) -> None:
    """A zigzag over what stands between two columns."""
    turns = int(rng.integers(5, 9))
    across = np.linspace(left - 4, right + 4, turns)
    down = HEIGHT + 0.4 * HEIGHT * (-1.0) ** np.arange(turns) + rng.normal(0, 3, turns)
    cv2.polylines(page, [np.round(np.stack([across, down], 1)).astype(np.int32)], False, 255, _PEN, cv2.LINE_AA)

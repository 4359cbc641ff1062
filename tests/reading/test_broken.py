"""A digit that the finder takes for two, one above the other, is one where it is as high as its row."""

from __future__ import annotations

import numpy as np
import pytest

from inkdigits.reading.coroutines import run
from inkdigits.reading.segmentation import segment
from tests.reading.ink_maps import Box, view

# In a row of digits 50 pixels high: the parts of the last.
UPPER, LOWER = (160, 30, 8, 18), (158, 53, 8, 27)
ROW = [[(20, 30, 24, 50)], [(60, 32, 24, 50)], [(100, 29, 24, 50)]]


def _boxes(row: list[list[Box]], upper: Box, lower: Box, *, whole: float = 0.99) -> list[Box]:
    """The boxes of the digits that are found, if the classifier gives what is very narrow the probability `whole`."""

    def classify(images: np.ndarray) -> np.ndarray:
        ink = images > 60
        narrow = ink.any(axis=1).sum(axis=1) < 0.3 * ink.any(axis=2).sum(axis=1)
        best = np.where(narrow, whole, 0.97)
        probabilities = np.repeat((1 - best)[:, None] / 9, 10, axis=1).astype(np.float32)
        probabilities[:, 1] = best
        return probabilities

    found = run(segment(view([*row, [upper], [lower]])), classify)
    return sorted(one.component.ink_box for one in found.candidates)


def test_two_parts_that_are_together_as_high_as_the_row_are_one_digit() -> None:
    *_, last = _boxes(ROW, UPPER, LOWER)
    assert last == (158, 30, 10, 50)


def test_they_stay_two_where_they_are_no_digit_together() -> None:
    assert len(_boxes(ROW, UPPER, LOWER, whole=0.9)) == 5


@pytest.mark.parametrize(
    ("row", "upper", "lower"),
    [
        (ROW[:1], UPPER, LOWER),
        (ROW, UPPER, (158, 72, 8, 27)),
        (ROW, UPPER, (180, 53, 8, 27)),
        (ROW, (160, 5, 8, 42), LOWER),
        (ROW, (160, 38, 8, 14), (158, 54, 8, 18)),
    ],
    ids=["too few beside it", "a gap", "beside each other", "as high as a digit", "lower than the row"],
)
def test_what_may_be_two_things_stays_two(row: list[list[Box]], upper: Box, lower: Box) -> None:
    assert len(_boxes(row, upper, lower)) == len(row) + 2

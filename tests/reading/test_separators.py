"""Separators of a row, by shape and place."""

from __future__ import annotations

import numpy as np
import pytest

from inkdigits.reading.reading import Box, Digit, DigitOutcome
from inkdigits.reading.separators import find_separators


def _digit(x: int, outcome: DigitOutcome = "digit", row: int = 0) -> Digit:
    return Digit(3, 0.99, 8, 0.01, outcome, (x, 100 + 80 * row, 30, 50), row, np.zeros((28, 28), np.uint8))


ROW = [_digit(20), _digit(120)]


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ([(70, 142, 8, 8)], "."),
        ([(70, 138, 10, 22)], ","),
        ([(60, 122, 30, 6)], "-"),
        ([(60, 95, 25, 60)], "/"),
        ([(70, 115, 7, 7), (71, 140, 7, 7)], ":"),
        ([(160, 142, 8, 8)], "."),
        ([(5, 142, 8, 8)], ""),
        ([(300, 142, 8, 8)], ""),
        ([(70, 100, 40, 40)], ""),
        ([], ""),
    ],
)
def test_separators(marks: list[Box], expected: str) -> None:
    assert "".join(one.character for one in find_separators(ROW, marks)) == expected


def test_a_date_in_reading_order() -> None:
    digits = [_digit(20), _digit(100), _digit(180), _digit(20, row=1)]
    found = find_separators(digits, [(150, 142, 8, 8), (70, 142, 8, 8), (60, 202, 30, 6)])
    assert [(one.character, one.row) for one in found] == [(".", 0), (".", 0), ("-", 1)]
    assert found[0].box == (70, 142, 8, 8)


def test_what_follows_a_refused_digit_separates_nothing() -> None:
    assert find_separators([_digit(20, "not_a_digit")], [(70, 142, 8, 8)]) == ()

"""Signs that look like digits: which are refused beside digits, and that handwritten ones and zeros are not."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from inkdigits.datasets.mnist import load_train
from inkdigits.reading.reader import Reader
from inkdigits.reading.segmentation import Candidate
from inkdigits.reading.signs import Sign, find_signs
from tests.reading.printed_signs import SIGNS, candidate, printed


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.load()


@pytest.mark.parametrize("height", [40, 70, 100])
@pytest.mark.parametrize("font", ["DejaVuSans.ttf", "DejaVuSerif.ttf"])
def test_printed_signs_are_no_digits(reader: Reader, height: int, font: str) -> None:
    read = {text: reader.read(printed(text, height, font)) for text, _ in SIGNS}
    assert {text: reading.string for text, reading in read.items()} == dict(SIGNS)
    assert not any(reading.separators for reading in read.values())


@pytest.mark.parametrize("height", [50, 80, 120])
@pytest.mark.parametrize("text", ["3,14", "5,7", "1.299,00"])
def test_a_comma_is_a_separator_and_no_digit_below_the_row(reader: Reader, text: str, height: int) -> None:
    reading = reader.read(printed(text, height))
    assert reading.string == text.replace(",", "").replace(".", "")
    # One whose tail is short may be taken for a point.
    assert [one.character in ".," for one in reading.separators] == [True] * (len(text) - len(reading.string))


def test_rows_of_handwritten_ones_and_zeros_are_read_as_before(reader: Reader) -> None:
    train = load_train()
    chosen = np.flatnonzero(train.labels <= 1)[:60].reshape(12, 5)
    read = [reader.read(np.hstack(train.images[row])).string for row in chosen]
    expected = ["".join(str(label) for label in train.labels[row]) for row in chosen]
    assert sum(one == other for one, other in zip(read, expected, strict=True)) >= 11


def bow(height: int, direction: int, reach: int = 4) -> np.ndarray:
    """A stroke whose middle is to the right of its ends for 1, and to the left for -1, by twice `reach` pixels."""
    cover = np.zeros((height, height // 2), np.uint8)
    middle, by = height // 4, direction * reach
    points = [(middle - by, 0), (middle + by, height // 2), (middle - by, height - 1)]
    cv2.polylines(cover, [np.array(points, np.int32)], False, 255, 3)
    return cover


def ring(height: int) -> np.ndarray:
    cover, half = np.zeros((height, height), np.uint8), height // 2
    cv2.ellipse(cover, (half, half), (height // 3, half - 1), 0, 0, 360, 255, 3)
    return cover


def signs(candidates: Sequence[Candidate]) -> list[Sign | None]:
    return find_signs(candidates, [True] * len(candidates))


def test_brackets_come_in_pairs() -> None:
    opening, closing = candidate(1, 0, 0, bow(60, -1)), candidate(1, 90, 0, bow(60, 1))
    digit = candidate(0, 40, 8, ring(44))
    assert signs([opening, digit, closing]) == ["()", None, "()"]
    assert signs([opening, digit]) == [None, None]
    assert signs([digit, closing]) == [None, None]
    assert signs([candidate(1, 0, 0, bow(60, 1)), digit, candidate(1, 90, 0, bow(60, -1))]) == [None, None, None]


def between(opening: np.ndarray, closing: np.ndarray) -> list[Sign | None]:
    """The signs in a row of `opening`, a 0 of 44 pixels, and `closing`."""
    return signs([candidate(1, 0, 0, opening), candidate(0, 40, 0, ring(44)), candidate(1, 90, 0, closing)])


def test_brackets_that_hardly_bend_are_higher_than_what_is_between_them() -> None:
    assert between(bow(60, -1, 2), bow(60, 1, 2)) == ["()", None, "()"]
    assert between(bow(44, -1, 2), bow(44, 1, 2)) == [None, None, None]
    assert between(bow(60, -1, 0), bow(60, 1, 0)) == [None, None, None]


def test_brackets_that_bend_may_be_as_high_as_digits() -> None:
    assert between(bow(44, -1), bow(44, 1)) == ["()", None, "()"]
    assert between(bow(30, -1), bow(30, 1)) == [None, None, None]


def test_the_circles_of_a_percent_sign_are_small_and_of_two_heights() -> None:
    stroke = candidate(1, 20, 0, bow(60, 1))
    high, low = candidate(0, 0, 0, ring(30)), candidate(0, 45, 30, ring(30))
    assert signs([high, stroke, low]) == ["%", "%", "%"]
    assert signs([high, stroke]) == [None, None]
    assert signs([high, stroke, candidate(0, 45, 2, ring(30))]) == [None, None, None]
    assert signs([candidate(0, 0, 0, ring(56)), stroke, candidate(0, 45, 20, ring(56))]) == [None, None, None]


def test_a_faint_stroke_is_no_sign() -> None:
    faint = candidate(1, 0, 0, np.full((40, 10), 100, np.uint8))
    assert signs([faint, candidate(0, 20, 0, ring(30))]) == [None, None]

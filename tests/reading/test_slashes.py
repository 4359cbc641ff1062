"""Slashes between digits: printed and written ones are told from ones that lean, as many people write them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inkdigits.datasets.mnist import load_train
from inkdigits.reading.components import Component
from inkdigits.reading.reader import Reader
from inkdigits.reading.slashes import find_slashes, stroke_of
from tests.reading.printed_signs import candidate, printed


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.load()


@pytest.mark.parametrize("height", [24, 40, 64])
@pytest.mark.parametrize("font", ["DejaVuSans.ttf", "DejaVuSerif.ttf"])
def test_the_slashes_of_a_printed_date_separate_its_digits(reader: Reader, font: str, height: int) -> None:
    reading = reader.read(printed("12/03/2024", height, font))
    assert reading.string == "12032024"
    assert [one.character for one in reading.separators] == ["/", "/"]


@pytest.mark.parametrize("font", ["DejaVuSans.ttf", "DejaVuSerif.ttf", "DejaVuSansMono.ttf", "STIXGeneral.ttf"])
@pytest.mark.parametrize("text", ["12/03/2024", "25/06/2024", "3/4"])
def test_a_known_length_refuses_slashes_before_digits(reader: Reader, text: str, font: str) -> None:
    digits = text.replace("/", "")
    assert reader.read(printed(text, 64, font), length=len(digits)).string == digits


def test_rows_of_handwritten_leaning_ones_are_read_as_before(reader: Reader) -> None:
    train = load_train()
    ones = [row for row in np.flatnonzero(train.labels == 1)[:400] if _leans(train.images[row])][:40]
    others = np.flatnonzero(train.labels == 3)[:80]
    read = [
        reader.read(np.hstack([train.images[left], train.images[one], train.images[right]])).string
        for one, left, right in zip(ones, others[::2], others[1::2], strict=True)
    ]
    assert len(read) == 40
    assert read.count("313") >= 38


def _leans(image: np.ndarray) -> bool:
    cover = cv2.resize(image, None, fx=2, fy=2)
    return stroke_of(Component(0, 0, *cover.shape[::-1], cover, 1.0)).slant >= 0.3


def stroke(height: int, slant: float, bend: int = 0, pen: int = 5) -> np.ndarray:
    """A stroke that leans to the right by `slant`, with its middle `bend` pixels beside the straight line."""
    width = round(abs(slant) * height) + 2 * pen + abs(bend)
    cover = np.zeros((height, width), np.uint8)
    foot, top = (pen, width - pen) if slant >= 0 else (width - pen, pen)
    points = [(foot, height), ((foot + top) // 2 + bend, height // 2), (top, -1)]
    cv2.polylines(cover, [np.array(points, np.int32)], False, 255, pen)
    return cover


def ring(height: int) -> np.ndarray:
    cover = np.zeros((height, height), np.uint8)
    cv2.ellipse(cover, (height // 2, height // 2), (height // 3, height // 2 - 2), 0, 0, 360, 255, 3)
    return cover


def between(cover: np.ndarray, top: int) -> list[int]:
    """The slashes in a row of a 0, `cover` and another 0, whose digits are 60 pixels high from y = 20."""
    row = [candidate(0, 0, 20, ring(60)), candidate(1, 70, top, cover), candidate(0, 150, 20, ring(60))]
    return find_slashes(row, [True] * 3)


def test_a_slash_is_higher_than_the_digits_and_reaches_below_them() -> None:
    assert between(stroke(70, 0.35), 16) == [1]
    assert between(stroke(60, 0.35), 20) == []
    assert between(stroke(70, 0.35), 8) == []  # its foot is that of the digits
    assert between(stroke(70, 0.1), 16) == []
    assert between(stroke(70, -0.35), 16) == []


def test_a_written_slash_is_larger_than_a_printed_one() -> None:
    assert between(stroke(70, 0.35, bend=4), 16) == []
    assert between(stroke(90, 0.35, bend=4), 6) == [1]
    assert between(stroke(90, 0.35, bend=14), 6) == []


def test_a_slash_leans_more_than_another_one_of_its_row() -> None:
    row = [candidate(1, -40, 20, stroke(60, 0.0)), candidate(0, 0, 20, ring(60))]
    row += [candidate(1, 70, 18, stroke(62, 0.4)), candidate(0, 150, 20, ring(60))]
    assert find_slashes(row, [True] * 4) == [2]
    assert find_slashes(row[1:], [True] * 3) == []


def test_a_stroke_at_the_end_of_a_row_is_no_slash() -> None:
    row = [candidate(0, 0, 20, ring(60)), candidate(1, 70, 16, stroke(70, 0.35))]
    assert find_slashes(row, [True] * 2) == []
    far = [*row, candidate(0, 400, 20, ring(60))]
    assert find_slashes(far, [True] * 3) == []


def test_what_is_too_small_to_tell_does_not_lean() -> None:
    assert stroke_of(Component(0, 0, 5, 5, np.eye(5, dtype=np.uint8) * 255, 1.0)).slant == 0

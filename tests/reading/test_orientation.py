"""Pictures whose digits lie on their side or upside down are read; upright ones stay as they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from inkdigits.reading.orientation import Orientation, Rotation
from inkdigits.reading.pyramid import Pyramid
from inkdigits.reading.reader import Reader
from tests.reading.drawn_pages import ink, paper, photographed, row, written

SHAPE = (500, 700)
PLACES = [*row("25704", 60, 60, 90), *row("4837", 90, 260, 85)]
STRING = "25704\n4837"


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.load()


@pytest.fixture(scope="module")
def page() -> np.ndarray:
    return photographed(written(paper(SHAPE), ink(SHAPE, PLACES, 8)))


def _turned(page: np.ndarray, rotation: int) -> np.ndarray:
    """`page` turned clockwise."""
    return np.ascontiguousarray(np.rot90(page, -rotation // 90))


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_a_page_is_read_however_it_is_turned(reader: Reader, page: np.ndarray, rotation: int) -> None:
    picture = _turned(page, rotation)
    reading = reader.read(picture)
    assert (reading.string, reading.rotation) == (STRING, rotation)
    assert reading.size == picture.shape[1::-1]
    assert reading.notes == ((f"the writing is turned by {rotation} degrees",) if rotation else ())
    dark = picture.mean(axis=2) < 128
    covered = np.zeros_like(dark)
    for digit in reading.digits:
        x, y, w, h = digit.box
        assert dark[y : y + h, x : x + w].any(), "a box lies beside the ink"
        covered[y : y + h, x : x + w] = True
    assert (dark & covered).sum() > 0.98 * dark.sum()


def test_a_region_of_a_turned_page(reader: Reader, page: np.ndarray) -> None:
    # The first row of the page on its side is at the right.
    picture = _turned(page, 90)
    reading = reader.read(picture, region=(300, 0, 200, 700))
    assert (reading.string, reading.rotation) == ("25704", 90)
    assert all(300 <= digit.box[0] < 500 for digit in reading.digits)


@pytest.mark.parametrize("values", ["6", "9", "69", "1", "7", "0808", "1111"])
def test_few_digits_and_digits_that_may_stand_either_way_are_never_turned(reader: Reader, values: str) -> None:
    picture = photographed(written(paper((300, 700)), ink((300, 700), row(values, 60, 80, 130), 10)))
    for rotation in (0, 90, 180, 270):
        assert reader.read(_turned(picture, rotation)).rotation == 0


def test_horizontal_strokes_are_no_ones_on_their_side(reader: Reader) -> None:
    picture = np.full((500, 500), 240, np.uint8)
    for y in range(60, 460, 70):
        picture[y : y + 8, 150:260] = 30
    assert reader.read(picture).rotation == 0


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_boxes_are_turned_back(rotation: Rotation) -> None:
    picture: Any = np.zeros((30, 50), np.uint8)
    picture[5:9, 20:31] = 1
    part = Orientation(7, 3, 50, 30, rotation)
    upright = part.upright(Pyramid.of(picture)).pixels
    rows, columns = np.flatnonzero(upright.any(axis=1)), np.flatnonzero(upright.any(axis=0))
    box = int(columns[0]), int(rows[0]), len(columns), len(rows)
    assert part.in_picture(box) == (27, 8, 11, 4)

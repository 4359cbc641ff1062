"""Sheets on a table are found, and what is written on them is read as if they were alone."""

from __future__ import annotations

import numpy as np
import pytest

from inkdigits.reading.documents import find_documents
from inkdigits.reading.pyramid import Pyramid
from inkdigits.reading.reader import Reader
from tests.reading import drawn_pages

ROWS = ("31415", "92653", "58979")
TABLES = {"blue": (30, 60, 150), "green": (90, 140, 40), "black": (20, 20, 25), "white": (252, 252, 252)}


def written_page(*, shadow: float = 0.0) -> np.ndarray:
    shape = (420, 620)
    places = [
        place for number, digits in enumerate(ROWS) for place in drawn_pages.row(digits, 50, 50 + 110 * number, 60)
    ]
    scene = drawn_pages.written(drawn_pages.paper(shape, (200, 205, 190)), drawn_pages.ink(shape, places, 5))
    return drawn_pages.photographed(drawn_pages.in_light(scene, shadow=shadow))


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.load(threads=1)


@pytest.mark.parametrize("angle", [0, 12, -20])
@pytest.mark.parametrize("table", TABLES)
def test_a_sheet_is_found_where_it_lies(table: str, angle: int) -> None:
    page = written_page()
    picture = drawn_pages.lying(page, TABLES[table], angle, margin=0.3)

    (document,) = find_documents(Pyramid.of(picture))

    # Within the two pixels of the small copy that an edge takes, and what a rotated page's corners add.
    blurred = 3 * max(picture.shape) / 128
    height, width = page.shape[:2]
    cosine, sine = abs(np.cos(np.deg2rad(angle))), abs(np.sin(np.deg2rad(angle)))
    expected = height * cosine + width * sine, width * cosine + height * sine
    assert np.abs(np.array(document.pixels.shape[:2]) - expected).max() <= 2 * blurred
    middle = document.top + document.pixels.shape[0] / 2, document.left + document.pixels.shape[1] / 2
    assert np.abs(np.array(middle) - np.array(picture.shape[:2]) / 2).max() <= blurred
    # No table is left in the corners.
    assert np.abs(document.pixels[2, 2].astype(int) - (200, 205, 190)).max() < 30


@pytest.mark.parametrize("table", ["blue", "green", "black"])
@pytest.mark.parametrize("angle", [0, 6, -6])
def test_a_strip_of_paper_with_one_row_is_read(reader: Reader, table: str, angle: int) -> None:
    """The paper is hardly higher than the digits, and takes an eighth of the picture."""
    shape = (110, 480)
    ink = drawn_pages.ink(shape, drawn_pages.row("2570489", 30, 25, 60), 5)
    strip = drawn_pages.photographed(drawn_pages.written(drawn_pages.paper(shape), ink))
    assert reader.read(drawn_pages.lying(strip, TABLES[table], angle, margin=0.5)).string == "2570489"


@pytest.mark.parametrize(("table", "angle"), [("blue", 0), ("green", 12), ("black", -7), ("white", 3)])
def test_what_is_written_on_a_sheet_is_read_and_its_boxes_lie_in_the_picture(
    reader: Reader, table: str, angle: int
) -> None:
    picture = drawn_pages.lying(written_page(), TABLES[table], angle)

    reading = reader.read(picture)

    assert reading.string == "\n".join(ROWS)
    for digit in reading.digits:
        x, y, w, h = digit.box
        assert picture[y : y + h, x : x + w].min() < 90, "a box without ink in it"


def test_a_page_is_no_sheet_of_itself_and_neither_is_a_digit() -> None:
    assert find_documents(Pyramid.of(written_page())) == []
    thick = drawn_pages.ink((200, 200), drawn_pages.row("6", 50, 30, 140), 30)
    digit = drawn_pages.photographed(drawn_pages.written(drawn_pages.paper((200, 200)), thick))
    assert find_documents(Pyramid.of(digit)) == []


def test_half_a_page_in_shadow_is_not_read_alone(reader: Reader) -> None:
    assert reader.read(written_page(shadow=0.45)).string == "\n".join(ROWS)

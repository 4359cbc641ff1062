"""Hard cases, each drawn and read: what readers of digits often get wrong."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inkdigits.reading.reader import Reader
from tests.reading import drawn_pages as drawn
from tests.reading.drawn_pages import Place, in_light, ink, lines, on_table, paper, photographed, row, written

SIZE = (600, 900)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.load()


def _page(
    values: str = "2570483", *, pen: float = 7.0, slope: float = 0.0, height: float = 90, gap: float = 0.35
) -> drawn.Ink:
    return ink(SIZE, row(values, 70, 220, height, slope=slope, gap=gap), pen)


def test_every_digit_alone(reader: Reader) -> None:
    for value in range(10):
        picture = photographed(written(paper((300, 260)), ink((300, 260), [Place(value, 60, 60, 170)], 12)))
        assert reader.read(picture).string == str(value)


@pytest.mark.parametrize("corner", [(2, 2), (250, 2), (2, 320), (250, 320)])
def test_a_small_digit_in_a_corner(reader: Reader, corner: tuple[int, int]) -> None:
    picture = photographed(written(paper((400, 320)), ink((400, 320), [Place(3, *corner, 70)], 6)))
    assert reader.read(picture).string == "3"


def test_faint_pencil(reader: Reader) -> None:
    picture = photographed(written(paper(SIZE), _page(pen=3), (120, 120, 120), 0.3), grain=2.0)
    assert reader.read(picture).string == "2570483"


def test_white_on_black(reader: Reader) -> None:
    picture = photographed(written(paper(SIZE, (15, 20, 18)), _page(), (240, 240, 235)))
    assert reader.read(picture).string == "2570483"


@pytest.mark.parametrize("grey", [0, 255])
def test_ink_on_transparency(reader: Reader, grey: int) -> None:
    alpha = (255 * _page()).astype(np.uint8)
    picture = np.dstack([np.full((*SIZE, 3), grey, np.uint8), alpha])
    assert reader.read(picture).string == "2570483"


@pytest.mark.parametrize("colour", [(30, 60, 170), (190, 40, 40), (20, 120, 60), (220, 140, 20)])
def test_coloured_ink(reader: Reader, colour: tuple[int, int, int]) -> None:
    assert reader.read(photographed(written(paper(SIZE), _page(), colour))).string == "2570483"


def test_a_hard_shadow_and_uneven_light(reader: Reader) -> None:
    picture = photographed(in_light(written(paper(SIZE), _page()), shadow=0.6, fall=0.4))
    assert reader.read(picture).string == "2570483"


@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("slope", [0.0, -0.06])
def test_ruled_and_squared_paper(reader: Reader, squared: bool, slope: float) -> None:
    sheet = lines(paper(SIZE), 32, slope=slope, squared=squared)
    assert reader.read(photographed(written(sheet, _page(), (30, 50, 140)))).string == "2570483"


def test_table_in_view(reader: Reader) -> None:
    picture = photographed(on_table(written(paper(SIZE), _page())))
    assert reader.read(picture).string == "2570483"


def test_rows_are_read_from_top_to_bottom(reader: Reader) -> None:
    places = [*row("2570", 80, 60, 90), *row("483", 120, 230, 80), *row("6352", 60, 400, 90)]
    assert reader.read(photographed(written(paper(SIZE), ink(SIZE, places, 7)))).string == "2570\n483\n6352"


@pytest.mark.parametrize("slope", [-0.3, 0.35, 0.6])
def test_a_slanted_row(reader: Reader, slope: float) -> None:
    shape = (900, 900)
    places = row("257048", 90, 450 - slope * 300, 80, slope=slope)
    assert reader.read(photographed(written(paper(shape), ink(shape, places, 7)))).string == "257048"


@pytest.mark.parametrize("values", ["00", "35"])
def test_two_digits_that_touch(reader: Reader, values: str) -> None:
    places = row(values, 100, 100, 160, gap=-0.18)
    picture = photographed(written(paper((360, 420)), ink((360, 420), places, 14)))
    count, _ = cv2.connectedComponents((ink((360, 420), places, 14) > 0.5).astype(np.uint8))
    assert count == 2, "they do not touch"
    assert reader.read(picture).string == values


def test_a_five_whose_bar_is_apart(reader: Reader) -> None:
    body = ink((400, 360), [Place(5, 80, 90, 200)], 14, without=1)
    bar = ink((400, 360), [Place(5, 96, 80, 200)], 14, without=0)
    picture = photographed(written(paper((400, 360)), np.maximum(body, bar)))
    assert reader.read(picture).string == "5"


def test_a_digit_that_the_pen_broke(reader: Reader) -> None:
    broken = ink((400, 360), [Place(8, 80, 90, 200)], 12)
    broken[186:194] = 0
    assert reader.read(photographed(written(paper((400, 360)), broken))).string == "8"


def test_specks_are_not_digits(reader: Reader) -> None:
    page = _page()
    for x, y in np.random.default_rng(1).integers(20, 560, (25, 2)).tolist():
        cv2.circle(page, (x, y), 2, 1.0, -1)
    assert reader.read(photographed(written(paper(SIZE), page))).string == "2570483"


def test_a_thick_marker(reader: Reader) -> None:
    picture = photographed(written(paper(SIZE), _page("25704", pen=26, height=140)))
    assert reader.read(picture).string == "25704"


def test_a_hair_thin_pen(reader: Reader) -> None:
    picture = photographed(written(paper(SIZE), _page("25704", pen=1.5, height=140)), blur=0)
    assert reader.read(picture).string == "25704"


def test_a_28x28_drawing_anywhere(reader: Reader) -> None:
    for value, x, y in [(4, 0, 0), (7, 14, 10), (2, 6, 4)]:
        tiny = (255 * ink((28, 28), [Place(value, 1 + x, 1 + y, 15)], 2.2)).astype(np.uint8)
        assert reader.read(tiny).string == str(value)
        assert reader.read(255 - tiny).string == str(value)


@pytest.mark.parametrize("grain", [0.0, 4.0, 12.0])
def test_blank_paper_is_blank(reader: Reader, grain: float) -> None:
    reading = reader.read(photographed(in_light(paper(SIZE), fall=0.5), grain=grain))
    assert (reading.outcome, reading.string, reading.digits) == ("blank", "", ())


def test_ruled_paper_without_writing_holds_no_digit(reader: Reader) -> None:
    assert reader.read(photographed(lines(paper(SIZE), 32, squared=True))).string == ""


@pytest.mark.parametrize("seed", range(4))
def test_texture_is_not_writing(reader: Reader, seed: int) -> None:
    noise = np.random.default_rng(seed).normal(0, 1, SIZE).astype(np.float32)
    wood = cv2.GaussianBlur(noise, (0, 0), [2, 4, 8, 3][seed], 0, [2, 4, 1, 30][seed])
    picture = np.clip(140 + 35 * wood / wood.std(), 0, 255).astype(np.uint8)
    assert reader.read(picture).string == ""


def test_a_solid_shape_is_not_a_digit(reader: Reader) -> None:
    for draw in (
        lambda p: cv2.circle(p, (200, 200), 120, 20, -1),
        lambda p: cv2.rectangle(p, (90, 100), (300, 310), 20, -1),
        lambda p: cv2.rectangle(p, (40, 190), (360, 215), 20, -1),
    ):
        picture = np.full((400, 400), 235, np.uint8)
        draw(picture)
        reading = reader.read(picture)
        assert (reading.string, reading.outcome == "read") == ("", False)


@pytest.mark.parametrize("word", ["Kchens", "Menge"])
def test_a_word_alone_has_no_digits(reader: Reader, word: str) -> None:
    page = np.full((160, 380), 235, np.uint8)
    cv2.putText(page, word, (20, 100), cv2.FONT_HERSHEY_SIMPLEX, 2.6, 30, 6, cv2.LINE_AA)
    assert reader.read(page).string == ""

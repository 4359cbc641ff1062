"""The pictures that `--annotate` and `--debug` write."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from inkdigits.images.decode import Page
from inkdigits.reading.annotation import draw_annotation, draw_steps, is_drawing, write_png
from inkdigits.reading.reader import Reader, ReadingSteps
from tests.reading.drawn_pages import ink, paper, photographed, row, written
from tests.reading.printed_signs import printed

SHAPE = (300, 600)
GREEN, RED, BLUE = (0, 130, 60), (200, 30, 40), (30, 90, 200)


def _steps(picture: np.ndarray) -> ReadingSteps:
    return Reader.load().read_page(Page("a page", 0, picture))


@pytest.fixture(scope="module")
def steps() -> ReadingSteps:
    return _steps(photographed(written(paper(SHAPE), ink(SHAPE, row("257", 80, 90, 90), 7))))


def test_boxes_are_green_around_digits_and_the_picture_is_not_changed(steps: ReadingSteps) -> None:
    before = steps.page.pixels.copy()
    drawn = draw_annotation(steps)
    assert (drawn.shape, drawn.dtype) == ((*SHAPE, 3), np.uint8)
    for digit in steps.reading.digits:
        x, y, w, h = digit.box
        assert tuple(drawn[y + h // 2, x - 2]) == GREEN
        assert tuple(drawn[y + h + 2, x + w // 2]) == GREEN
    np.testing.assert_array_equal(steps.page.pixels, before)


def test_a_refused_digit_has_a_red_box() -> None:
    picture = np.full((400, 400), 235, np.uint8)
    for start, end in (
        ((120, 80), (120, 320)),
        ((120, 80), (280, 80)),
        ((120, 200), (240, 200)),
        ((120, 320), (280, 320)),
    ):
        cv2.line(picture, start, end, 20, 20)
    drawn = draw_annotation(_steps(picture))
    assert (drawn == RED).all(axis=2).any()
    assert not (drawn == GREEN).all(axis=2).any()


def test_separators_have_blue_boxes_and_no_red_ones() -> None:
    steps = _steps(printed("12/03/2024", 64))
    drawn = draw_annotation(steps)
    scale = drawn.shape[0] / steps.page.pixels.shape[0]
    assert len(steps.reading.separators) == 2
    for separator in steps.reading.separators:
        x, y, _, h = separator.box
        assert tuple(drawn[round((y + h // 2) * scale), round(x * scale) - 2]) == BLUE
    assert not (drawn == RED).all(axis=2).any()


def test_the_steps_show_the_networks_inputs(steps: ReadingSteps) -> None:
    strip = draw_steps(steps)
    assert (strip[:24] < 128).any()  # captions
    for digit in steps.reading.digits:
        shown = np.repeat(digit.network_input[:, :, None], 3, axis=2)
        assert cv2.matchTemplate(strip, shown, cv2.TM_SQDIFF).min() < 100


def test_the_inputs_of_many_digits_are_wrapped() -> None:
    shape = (1000, 1500)
    places = [place for y in range(40, 900, 100) for place in row("2570483619" * 2, 40, y, 60)]
    many = draw_steps(_steps(photographed(written(paper(shape), ink(shape, places, 5)))))
    assert many.shape[1] <= 1800
    wide = draw_steps(_steps(photographed(written(paper((120, 2400)), ink((120, 2400), places[:8], 5)))))
    assert wide.shape[1] <= 1800


def test_a_drawing_is_told_from_other_pictures(tmp_path: Path) -> None:
    pixels = np.full((30, 30, 3), 255, np.uint8)
    write_png(tmp_path / "drawn.png", pixels)
    Image.fromarray(pixels).save(tmp_path / "other.png")
    (tmp_path / "text.png").write_text("no picture")
    assert [is_drawing(tmp_path / name) for name in ("drawn.png", "other.png", "text.png")] == [True, False, False]


def test_small_pictures_are_enlarged(tmp_path: Path) -> None:
    digit = np.full((28, 28), 255, np.uint8)
    digit[5:23, 13:16] = 0
    write_png(tmp_path / "out.png", draw_annotation(_steps(digit)))
    with Image.open(tmp_path / "out.png") as written_picture:
        assert written_picture.size == (400, 400)

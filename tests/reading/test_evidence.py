"""What counts as ink, as a digit's shape, and as part of the same writing."""

from __future__ import annotations

import numpy as np
import pytest

from inkdigits.reading.components import Component, find_components
from inkdigits.reading.evidence import is_digit_shaped, is_ink, matches_other_digits
from inkdigits.reading.ink import Ink, find_ink, working_copy
from tests.reading.drawn_pages import ink, paper, photographed, row, written


def _found(picture: np.ndarray) -> tuple[Ink, list[Component]]:
    found = find_ink(working_copy(picture), light=False)
    return found, find_components(found)


def test_written_digits_are_ink_and_digit_shaped() -> None:
    page = written(paper((300, 600)), ink((300, 600), row("2408", 60, 90, 90), 7))
    found, components = _found(photographed(page))
    assert len(components) == 4
    assert all(is_ink(one, found) and is_digit_shaped(one) for one in components)


def test_the_spots_of_a_texture_are_not_ink() -> None:
    noise = np.random.default_rng(0).normal(140, 35, (300, 400)).clip(0, 255).astype(np.uint8)
    found, components = _found(noise)
    assert not any(is_ink(one, found) for one in components)


@pytest.mark.parametrize(("size", "shaped"), [((90, 30), False), ((60, 60), False), ((9, 60), True)])
def test_dashes_and_blobs_do_not_have_the_shape_of_a_digit(size: tuple[int, int], shaped: bool) -> None:
    w, h = size
    assert is_digit_shaped(Component(0, 0, w, h, np.full((h, w), 255, np.uint8), 200.0)) is shaped


def test_a_stroke_belongs_to_digits_of_its_size_away_from_the_border() -> None:
    flat = np.zeros((300, 400), np.uint8)
    page = Ink(flat, flat, flat, 1.0, False, 1.0)

    def stroke(x: int, y: int, h: int, contrast: float = 150.0) -> Component:
        return Component(x, y, 8, h, np.full((h, 8), 255, np.uint8), contrast)

    digits = [stroke(100, 50, 60), stroke(150, 50, 64)]
    assert matches_other_digits(stroke(200, 50, 60), digits, page)
    assert matches_other_digits(stroke(200, 50, 200), [], page)
    assert not matches_other_digits(stroke(200, 50, 200), digits, page)
    assert not matches_other_digits(stroke(200, 50, 60, contrast=30.0), digits, page)
    assert not matches_other_digits(stroke(0, 50, 60), digits, page)

"""The copies of a picture for its views are what reducing the picture itself gives."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inkdigits.reading.pyramid import Pyramid, view_sides
from tests.reading import drawn_pages


def page(shape: tuple[int, int]) -> np.ndarray:
    places = drawn_pages.row("2718", shape[1] // 8, shape[0] // 4, shape[0] // 2)
    scene = drawn_pages.written(drawn_pages.paper(shape, (200, 205, 190)), drawn_pages.ink(shape, places, 9))
    return drawn_pages.photographed(scene)


@pytest.mark.parametrize("shape", [(600, 900), (601, 907), (907, 333), (90, 5000)])
def test_a_copy_is_nearly_the_one_made_directly(shape: tuple[int, int]) -> None:
    picture = page(shape)
    pyramid = Pyramid.of(picture)
    for side in view_sides(picture):
        copy = pyramid.copy(side)
        assert max(copy.shape[:2]) == side
        if side < max(shape):
            direct = cv2.resize(picture, copy.shape[1::-1], interpolation=cv2.INTER_AREA)
            assert np.abs(copy.astype(int) - direct).mean() < 0.5
            assert np.abs(copy.astype(int) - direct).max() <= 20  # grey levels, at an edge


def test_a_small_picture_is_enlarged_for_its_views() -> None:
    picture = np.full((20, 28), 90, np.uint8)
    assert [Pyramid.of(picture).copy(side).shape for side in view_sides(picture)] == [(46, 64), (91, 128), (183, 256)]


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_turned_picture_has_turned_copies(quarters: int) -> None:
    picture = page((300, 420))
    turned, direct = Pyramid.of(picture).turned(quarters), Pyramid.of(np.rot90(picture, quarters))
    assert (turned.pixels == direct.pixels).all()
    for side in view_sides(picture):
        assert np.abs(turned.copy(side).astype(int) - direct.copy(side)).max() <= 1

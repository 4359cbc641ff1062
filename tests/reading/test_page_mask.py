"""A page on a darker background: it is found, and what is around it takes its colour."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inkdigits.reading.page_mask import fill_background, find_page_mask
from tests.reading.drawn_pages import in_light, paper, photographed


def _page_on_table(angle: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """A grey picture of a page that fills four fifths of it, rotated by degrees, and where the page is."""
    corners = cv2.boxPoints(((400.0, 300.0), (720.0, 540.0), angle)).astype(np.int32)
    page = np.zeros((600, 800), np.uint8)
    cv2.fillConvexPoly(page, corners, 255)
    return np.where(page > 0, np.uint8(225), np.uint8(70)), page


@pytest.mark.parametrize("angle", [0.0, 2.0, 4.0])
def test_a_page_on_a_table_is_found(angle: float) -> None:
    picture, page = _page_on_table(angle)
    mask = find_page_mask(picture)
    assert mask is not None
    found, expected = mask > 0, page > 0
    assert (found & expected).sum() / (found | expected).sum() > 0.9
    assert not (found & ~expected).any()


def test_paper_that_fills_the_picture_has_no_mask() -> None:
    shadow = photographed(in_light(paper((300, 400)), shadow=0.6, fall=0.3))
    assert find_page_mask(cv2.cvtColor(shadow, cv2.COLOR_RGB2GRAY)) is None


def test_a_dark_object_on_paper_is_not_a_page() -> None:
    picture = np.full((300, 400), 230, np.uint8)
    cv2.circle(picture, (200, 150), 110, 40, -1)
    assert find_page_mask(picture) is None


def test_the_background_takes_the_colour_of_the_page() -> None:
    picture, page = _page_on_table()
    mask = cv2.erode(page, np.ones((9, 9), np.uint8))
    filled = fill_background(picture, mask)
    assert np.abs(filled.astype(int) - 225).max() <= 2
    np.testing.assert_array_equal(filled[mask > 0], picture[mask > 0])
    assert picture.min() == 70

"""Floats, wider integers and transparency become plain 8-bit pixels."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from inkdigits.errors import PictureError
from inkdigits.images.decode import Page, open_pages


def _page(source: object) -> Page:
    (page,) = open_pages(source)
    return page


def test_an_array_of_floats_or_wider_integers_is_what_its_eight_bits_are() -> None:
    levels = np.random.default_rng(0).integers(0, 256, (30, 40, 3)).astype(np.uint8)
    levels[0, 0] = 255
    for same in (levels / 255, levels.astype(np.float32), levels.astype(np.uint16) * 257, levels.astype(np.int32)):
        np.testing.assert_array_equal(_page(same).pixels, levels)
    assert _page(levels[..., 0].astype(np.uint16) * 16).pixels.max() == 254  # 12 bits


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.nan, "1 of 16 values are NaN or infinite"),
        (np.inf, "1 of 16 values are NaN or infinite"),
        (-0.01, "expected floats in 0 to 1 or in 0 to 255, got float64 from"),
        (255.5, "expected floats in 0 to 1 or in 0 to 255, got float64 from"),
    ],
)
def test_floats_that_mean_no_grey_are_refused(value: float, message: str) -> None:
    array = np.zeros((4, 4))
    array[1, 2] = value
    with pytest.raises(PictureError, match=message):
        _page(array)
    with pytest.raises(PictureError, match="expected integers in 0 to 65535, got int64 from -1 to 0"):
        _page(np.array([[0, -1]]))


def test_twelve_of_sixteen_bits_are_stretched() -> None:
    levels = np.linspace(0, 4095, 64 * 64).reshape(64, 64).astype(np.uint16)
    content = io.BytesIO()
    Image.fromarray(levels).save(content, "PNG")
    pixels = _page(content.getvalue()).pixels
    assert pixels.min() == 0
    assert pixels.max() == 255


def test_transparency_is_laid_on_the_pictures_own_paper() -> None:
    """Rounded corners of a picture with white paper become white, whatever colour hides under them."""
    rgba = np.full((100, 100, 4), 255, np.uint8)
    rgba[:10, :10] = (0, 0, 0, 0)
    assert _page(rgba).pixels.min() == 255

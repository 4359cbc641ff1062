"""Very small pictures are read after upscaling, with boxes in their own pixels."""

from __future__ import annotations

import numpy as np
import pytest

from inkdigits.reading.reader import Reader
from inkdigits.reading.upscale import upscale


@pytest.mark.parametrize("shape", [(8, 8), (19, 5), (8, 8, 3)])
def test_a_small_picture_is_eight_times_as_large_with_paper_around_it(shape: tuple[int, ...]) -> None:
    picture = np.full(shape, 240, np.uint8)
    picture[3:5, 2:4] = 0
    large = upscale(picture)
    assert large.pixels.shape == (8 * shape[0] + 32, 8 * shape[1] + 32, *shape[2:])
    assert (large.pixels[:16] == 240).all()
    rows = np.flatnonzero((large.pixels.reshape(large.pixels.shape[0], -1) < 120).any(axis=1))
    assert large.to_original(float(rows[0])) == pytest.approx(3, abs=0.2)
    assert large.to_original(float(rows[-1] + 1)) == pytest.approx(5, abs=0.2)


def test_other_pictures_stay_as_they_are() -> None:
    picture = np.zeros((20, 6), np.uint8)
    assert upscale(picture).pixels is picture


def test_boxes_of_a_picture_of_8x8_are_in_its_pixels() -> None:
    zero = np.zeros((8, 8), np.uint8)
    zero[1:7, 2:6] = 255
    zero[2:6, 3:5] = 0
    (digit,) = Reader.load().read(zero).digits
    x, y, w, h = digit.box
    assert (digit.value, digit.network_input.shape) == (0, (28, 28))
    assert np.abs(np.array([x - 2, y - 1, x + w - 6, y + h - 7])).max() <= 1

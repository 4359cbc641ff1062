"""Crops of components, as the network gets them."""

from __future__ import annotations

import numpy as np
import pytest

from inkdigits.reading.components import find_components
from inkdigits.reading.crop import crop
from inkdigits.reading.ink import find_ink, working_copy
from tests.reading.drawn_pages import Place, ink, paper, photographed, written


def _crops(picture: np.ndarray, *, light: bool = False) -> list[np.ndarray]:
    found = find_ink(working_copy(picture), light=light)
    return [crop(component, found, picture) for component in find_components(found)]


def _page(shape: tuple[int, int], *places: Place, pen: float = 7) -> np.ndarray:
    return photographed(written(paper(shape), ink(shape, list(places), pen)))


def test_a_crop_is_centred_white_on_black_in_a_box_of_20() -> None:
    (picture,) = _crops(_page((300, 300), Place(0, 90, 90, 120)))
    assert (picture.shape, picture.dtype) == ((28, 28), np.uint8)
    rows, columns = (np.flatnonzero((picture > 20).any(axis=axis)) for axis in (1, 0))
    assert rows[-1] - rows[0] + 1 in {19, 20, 21}
    assert columns[-1] - columns[0] < 20
    assert picture.max() > 200
    assert picture[:3].max() == picture[-3:].max() == 0


def test_light_ink_on_dark_paper_gives_the_same_crop() -> None:
    picture = _page((300, 300), Place(3, 90, 90, 120))
    (dark,), (light,) = _crops(picture), _crops(255 - picture, light=True)
    np.testing.assert_array_equal(dark, light)


def test_other_ink_in_the_box_is_left_out() -> None:
    alone = _page((300, 300), Place(0, 90, 90, 120))
    beside = alone.copy()
    beside[145:155, 128:136] = 20  # a speck inside the 0
    crops = _crops(beside)
    assert len(crops) == 2
    assert np.abs(crops[0].astype(int) - _crops(alone)[0]).max() < 60
    assert crops[0][12:16, 12:16].max() < 40


@pytest.mark.parametrize("value", [2, 5])
def test_a_small_digit_of_a_large_picture_is_cropped_at_full_resolution(value: int) -> None:
    large = _page((2400, 3200), Place(value, 1500, 1100, 80), pen=7)
    small = _page((200, 200), Place(value, 60, 60, 80), pen=7)
    (from_large,), (from_small,) = _crops(large), _crops(small)
    assert np.abs(from_large.astype(int) - from_small).mean() < 12

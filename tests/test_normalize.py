"""The one preprocessing: any size and polarity becomes MNIST's 28x28."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inkdigits.datasets.mnist import load_train
from inkdigits.errors import BlankPictureError, DataError
from inkdigits.normalize import normalize, stroke_width


def _seven(height: int, width: int, top: int, left: int) -> np.ndarray:
    """A dark 7 on white paper, somewhere in the picture."""
    picture = np.full((height, width), 255, np.uint8)
    picture[top : top + 8, left : left + 60] = 20
    for step in range(80):
        column = left + 52 - step // 2
        picture[top + step : top + step + 8, column : column + 8] = 20
    return picture


def test_ink_is_light_fits_the_box_and_is_centred() -> None:
    digit = normalize(_seven(300, 200, 150, 20))
    assert digit.shape == (28, 28)
    assert digit.dtype == np.uint8
    rows, columns = np.flatnonzero(digit.max(axis=1) > 60), np.flatnonzero(digit.max(axis=0) > 60)
    assert max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1 == 20
    mass = digit.sum()
    assert (digit.sum(axis=1) @ np.arange(28)) / mass == pytest.approx(14, abs=0.51)
    assert (digit.sum(axis=0) @ np.arange(28)) / mass == pytest.approx(14, abs=0.51)


def test_polarity_does_not_matter() -> None:
    picture = _seven(120, 120, 20, 30)
    np.testing.assert_array_equal(normalize(picture), normalize(255 - picture))


def test_place_in_the_picture_does_not_matter() -> None:
    np.testing.assert_array_equal(normalize(_seven(200, 200, 5, 5)), normalize(_seven(400, 300, 290, 230)))


def test_a_clean_mnist_picture_stays_nearly_what_it_is() -> None:
    """They were made by the same recipe: nine in ten come out as they went in, and only strokes of odd width change."""
    images = load_train().images[:2000]
    changes = np.array([np.abs(normalize(image).astype(int) - image).mean() for image in images])
    assert np.mean(changes == 0) > 0.85
    # Where the strongest pixel is 254, stretching it to 255 changes others by at most one level.
    assert np.mean(changes < 0.3) > 0.95
    assert np.mean(changes) < 0.5


def test_twice_is_once() -> None:
    once = [normalize(image) for image in load_train().images[:500]]
    again = np.array([np.abs(normalize(image).astype(int) - image).mean() for image in once])
    assert np.mean(again < 1) > 0.98


@pytest.mark.parametrize("width", [1, 2, 4, 8, 16, 30, 44])
def test_strokes_of_any_width_come_near_mnists(width: int) -> None:
    """Of MNIST's own digits, 98 in 100 have strokes between 2 and 5.6 pixels wide by this measure."""
    picture = np.full((300, 300), 255, np.uint8)
    cv2.ellipse(picture, (150, 150), (70, 100), 0, 0, 300, 0, width, cv2.LINE_AA)
    assert 1.9 < stroke_width(normalize(picture)[4:24, 4:24]) < 5.8


def test_a_thin_long_stroke_keeps_its_aspect() -> None:
    picture = np.zeros((300, 300), np.uint8)
    picture[20:280, 148:152] = 255
    digit = normalize(picture)
    assert (digit.max(axis=0) > 60).sum() <= 4
    assert (digit.max(axis=1) > 60).sum() == 20


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_a_blank_picture_has_no_digit(grey: int) -> None:
    with pytest.raises(BlankPictureError, match="no ink"):
        normalize(np.full((50, 40), grey, np.uint8))


@pytest.mark.parametrize("picture", [np.zeros((5, 5, 3), np.uint8), np.zeros((5, 5)), np.zeros((0, 5), np.uint8)])
def test_what_is_no_grey_picture_is_refused(picture: np.ndarray) -> None:
    with pytest.raises(DataError, match="expected a grey uint8 picture"):
        normalize(picture)

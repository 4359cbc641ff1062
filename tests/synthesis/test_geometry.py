from __future__ import annotations

import numpy as np
import pytest

from inkdigits.datasets.mnist import load_train
from inkdigits.synthesis import geometry


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    return load_train().images[:200]


def test_a_shift_moves_every_pixel(digits: np.ndarray) -> None:
    moved = geometry.shifted(digits, 3, -2)

    np.testing.assert_array_equal(moved[:, 2:24, 5:26], digits[:, 4:26, 2:23])


def test_a_quarter_turn_is_numpys(digits: np.ndarray) -> None:
    np.testing.assert_allclose(
        geometry.rotated(digits, 90).astype(int), np.rot90(digits, -1, axes=(1, 2)).astype(int), atol=1
    )


def test_scaling_scales_the_inks_box() -> None:
    square = np.zeros((1, 28, 28), np.uint8)
    square[0, 9:19, 9:19] = 255

    for factor in (0.5, 1.5, 2.0):
        ink = geometry.scaled(square, factor)[0].astype(float).sum() / 255
        assert ink == pytest.approx(100 * factor**2, rel=0.08)


def test_shear_leans_the_top_to_the_right() -> None:
    bar = np.zeros((1, 28, 28), np.uint8)
    bar[0, 4:24, 13:15] = 255
    leaning = geometry.sheared(bar, 0.4)[0]

    top, bottom = (np.flatnonzero(leaning[row] > 60).mean() for row in (5, 22))
    assert top - bottom == pytest.approx(0.4 * 17, abs=0.8)


def test_a_stroke_grows_by_the_pixels_asked_for() -> None:
    bar = np.zeros((1, 28, 28), np.uint8)
    bar[0, 4:24, 12:16] = 255

    for pixels in (-1.0, -0.5, 0.5, 1.0, 2.0):
        width = geometry.thickened(bar, pixels)[0, 14].sum() / 255
        assert width == pytest.approx(4 + 2 * pixels, abs=0.3)
    assert geometry.thinned(bar, 0.5)[0, 14].sum() / 255 == pytest.approx(2, abs=0.6)


def test_a_projection_moves_the_corners_of_the_picture() -> None:
    corners = np.zeros((1, 28, 28), np.uint8)
    corners[0, :3, :3] = corners[0, -3:, -3:] = 255
    moved = geometry.perspective_warped(corners, np.array([[[5, 0], [0, 0], [0, 0], [0, 0]]], np.float64))
    assert np.flatnonzero(moved[0, 0] > 100).min() == pytest.approx(5, abs=1)
    assert moved[0, -1, -1] > 200


def test_an_elastic_warp_moves_no_stroke_farther_than_asked(digits: np.ndarray) -> None:
    warped = geometry.elastically_warped(digits, 2.0, np.random.default_rng(0))
    assert (warped != digits).any(axis=(1, 2)).mean() > 0.99
    for image, original in zip(warped[:50] > 60, digits[:50], strict=True):
        near = geometry.thickened(original[None], 3.0)[0] > 0
        assert not (image & ~near).any()


def test_one_amount_for_each_picture(digits: np.ndarray) -> None:
    turned = geometry.rotated(digits[:3], [0, 30, -30])
    np.testing.assert_array_equal(turned[0], digits[0])
    np.testing.assert_array_equal(turned[1], geometry.rotated(digits[1:2], 30)[0])

from __future__ import annotations

import numpy as np
import pytest

from inkdigits.datasets.mnist import load_train
from inkdigits.synthesis import geometry
from inkdigits.synthesis.corruptions import CORRUPTIONS, SEVERITIES, corrupt


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    return load_train().images[:200]


@pytest.mark.parametrize("kind", CORRUPTIONS)
def test_a_kind_keeps_the_form_repeats_with_the_seed_and_grows(kind: str, digits: np.ndarray) -> None:
    before = digits.copy()
    damaged = [corrupt(digits, kind, severity, np.random.default_rng(5)) for severity in SEVERITIES]

    assert all(images.dtype == np.uint8 and images.shape == digits.shape for images in damaged)
    np.testing.assert_array_equal(digits, before)
    np.testing.assert_array_equal(damaged[2], corrupt(digits, kind, 3, np.random.default_rng(5)))
    distances = [np.abs(images.astype(int) - digits).mean() for images in damaged]
    assert distances[0] > 0
    assert distances[4] > 1.2 * distances[0]
    assert (np.diff(distances) > -0.08 * distances[4]).all()  # stronger, or as strong up to chance


@pytest.mark.parametrize("severity", [0, 6])
def test_other_strengths_are_refused(severity: int, digits: np.ndarray) -> None:
    with pytest.raises(ValueError, match="expected 1 to 5"):
        corrupt(digits, "fog", severity, np.random.default_rng(0))


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


def test_thin_digits_do_not_vanish(digits: np.ndarray) -> None:
    thin = corrupt(digits, "thin", 5, np.random.default_rng(0))

    assert thin.reshape(len(thin), -1).max(axis=1).min() > 60

from __future__ import annotations

import numpy as np
import pytest

from inkdigits.datasets.mnist import load_train
from inkdigits.synthesis.corruptions import CORRUPTIONS, SEVERITIES, corrupt


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    return load_train().images[:200]


@pytest.mark.parametrize("kind", CORRUPTIONS)
def test_a_corruption_keeps_the_shape_repeats_with_the_seed_and_grows(kind: str, digits: np.ndarray) -> None:
    before = digits.copy()
    corrupted = [corrupt(digits, kind, severity, np.random.default_rng(5)) for severity in SEVERITIES]

    assert all(images.dtype == np.uint8 and images.shape == digits.shape for images in corrupted)
    np.testing.assert_array_equal(digits, before)
    np.testing.assert_array_equal(corrupted[2], corrupt(digits, kind, 3, np.random.default_rng(5)))
    distances = [np.abs(images.astype(int) - digits).mean() for images in corrupted]
    assert distances[0] > 0
    assert distances[4] > 1.2 * distances[0]
    assert (np.diff(distances) > -0.08 * distances[4]).all()  # stronger, or as strong up to chance


@pytest.mark.parametrize("severity", [0, 6])
def test_other_strengths_are_refused(severity: int, digits: np.ndarray) -> None:
    with pytest.raises(ValueError, match="expected 1 to 5"):
        corrupt(digits, "fog", severity, np.random.default_rng(0))


def test_thin_digits_do_not_vanish(digits: np.ndarray) -> None:
    thin = corrupt(digits, "thin", 5, np.random.default_rng(0))

    assert thin.reshape(len(thin), -1).max(axis=1).min() > 60

"""Augmented digits: other pictures, the same digits."""

from __future__ import annotations

import numpy as np

from inkdigits.datasets.mnist import load_test
from inkdigits.modelfile.predictor import Predictor
from inkdigits.synthesis.augment import augment


def test_the_same_seed_gives_the_same_pictures() -> None:
    images = load_test().images[:50]
    first, again, other = (augment(images, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert first.dtype == np.uint8
    assert first.shape == images.shape


def test_magnitude_zero_changes_nothing() -> None:
    images = load_test().images[:5]
    assert np.array_equal(augment(images, np.random.default_rng(0), 0), images)


def test_a_digit_stays_the_digit_that_it_was() -> None:
    """A network that was not trained on augmented digits still classifies most of them correctly."""
    digits = load_test().take(slice(0, 500))
    changed = augment(digits.images, np.random.default_rng(0))
    assert (Predictor.load("cnn").predict_proba(changed).argmax(axis=1) == digits.labels).mean() > 0.85


def test_no_digit_is_mirrored() -> None:
    """The ink of an L in the lower left corner stays there, on average: a flip would move it."""
    corner = np.zeros((400, 28, 28), np.uint8)
    corner[:, 6:22, 8:10], corner[:, 20:22, 8:18] = 255, 255
    mean = augment(corner, np.random.default_rng(0)).mean(axis=0)
    assert mean[14:, :14].sum() > 3 * mean[:14, 14:].sum()


def test_one_digit_in_seven_stays_as_it_is() -> None:
    images = load_test().images[:2000]
    unchanged = (augment(images, np.random.default_rng(3)) == images).all(axis=(1, 2)).mean()
    assert 1 / 7 - 0.03 < unchanged < 1 / 7 + 0.03

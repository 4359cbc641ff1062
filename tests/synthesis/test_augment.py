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


def test_strength_zero_changes_nothing() -> None:
    images = load_test().images[:5]
    assert np.array_equal(augment(images, np.random.default_rng(0), 0), images)


def test_a_digit_stays_the_digit_that_it_was() -> None:
    """A network that never saw augmented digits still knows most of them, and far more than by chance."""
    digits = load_test().take(slice(0, 500))
    bent = augment(digits.images, np.random.default_rng(0))
    assert (Predictor.load("cnn").predict_proba(bent).argmax(axis=1) == digits.labels).mean() > 0.85


def test_no_digit_is_mirrored() -> None:
    """The ink of an L in the lower left corner stays there, on average: a flip would move it."""
    corner = np.zeros((400, 28, 28), np.uint8)
    corner[:, 6:22, 8:10], corner[:, 20:22, 8:18] = 255, 255
    mean = augment(corner, np.random.default_rng(0)).mean(axis=0)
    assert mean[14:, :14].sum() > 3 * mean[:14, 14:].sum()

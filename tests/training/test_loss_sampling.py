"""Digits are drawn by their losses."""

from __future__ import annotations

import numpy as np

from inkdigits.datasets.labelled import LabelledDigits, Splits
from inkdigits.training.loss_sampling import losses_of_small_network, sample_by_loss


def digits_of(small: Splits, n: int) -> LabelledDigits:
    assert small.train is not None
    return small.train.take(slice(0, n))


def test_sampled_digits_have_high_losses_and_follow_the_seed(small: Splits) -> None:
    digits = digits_of(small, 600)
    chosen = sample_by_loss(digits, 0.25, seed=1)
    assert len(chosen) == 150
    assert chosen.sha256 == sample_by_loss(digits, 0.25, seed=1).sha256 != sample_by_loss(digits, 0.25, seed=2).sha256
    losses = losses_of_small_network(digits, np.random.default_rng(7))
    by_picture = {image.tobytes(): loss for image, loss in zip(digits.images, losses, strict=True)}
    assert np.mean([by_picture[image.tobytes()] for image in chosen.images]) > 1.3 * losses.mean()

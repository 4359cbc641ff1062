"""The warp inside a compiled program."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from inkdigits.datasets.labelled import Splits

pytestmark = pytest.mark.skipif(keras.backend.backend() != "jax", reason="engine jax needs the jax backend")


def test_a_warp_moves_digits_and_keeps_them(small: Splits) -> None:
    import jax

    from inkdigits.modelfile.predictor import Predictor
    from inkdigits.training.engines.jax.jax_warp import warp

    assert small.train is not None
    digits = small.train.take(slice(0, 300))
    warped = np.asarray(warp(digits.images, jax.random.key(0), 1.0)).round().astype(np.uint8)
    assert (warped != digits.images).any(axis=(1, 2)).all()
    assert (Predictor.load("cnn").predict_proba(warped).argmax(axis=1) == digits.labels).mean() > 0.95

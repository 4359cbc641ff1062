"""The pooling for training gives what Keras's own gives."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from inkdigits.training.backend import Backend, start_keras
from inkdigits.training.engines.keras.keras_pooling import with_fast_pooling


@pytest.mark.parametrize(("size", "side"), [(2, 12), (2, 11), (3, 26)])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_fast_pooling_gives_the_same_values_and_gradients(size: int, side: int, data_format: str) -> None:
    import jax
    import jax.numpy as jnp

    start_keras(Backend())
    shape = (3, side, side) if data_format == "channels_first" else (side, side, 3)
    plain = keras.Sequential([keras.Input(shape), keras.layers.MaxPooling2D(size, data_format=data_format)])
    fast = with_fast_pooling(plain)
    assert fast is not plain
    inputs = np.random.default_rng(0).normal(size=(4, *shape)).astype(np.float32)
    np.testing.assert_array_equal(np.asarray(fast(inputs)), np.asarray(plain(inputs)))
    gradients = [jax.grad(lambda x, m=model: jnp.sum(jnp.sin(m(x))))(inputs) for model in (plain, fast)]
    np.testing.assert_allclose(*gradients, atol=1e-6)


def test_overlapping_windows_are_left_alone() -> None:
    model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.MaxPooling2D(3, strides=2)])
    assert with_fast_pooling(model) is model

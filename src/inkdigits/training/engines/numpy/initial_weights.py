"""Initial weights of dense and cnn that are the same whatever Keras computes with: drawn by NumPy."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import keras

__all__ = ["draw_initial_weights"]


def draw_initial_weights(model: keras.Model) -> None:
    """Give the kernels of `model` the values that Keras's NumPy backend draws for them (Glorot and Bengio 2010).

    Every backend draws other numbers from a seed. Biases stay zero.
    """
    for layer in model.layers:
        if layer.weights:
            kernel, bias = layer.get_weights()
            layer.set_weights([_glorot_uniform(kernel.shape, layer.kernel_initializer.seed), bias])


def _glorot_uniform(shape: tuple[int, ...], seed: int) -> NDArray[Any]:
    *field, inputs, outputs = shape
    fans = math.prod(field) * (inputs + outputs)
    limit = math.sqrt(3.0 * (1.0 / max(1.0, fans / 2.0)))
    # As keras.src.backend.numpy.random.uniform draws them.
    random = np.random.default_rng(np.array([seed, 0], np.uint32))
    return random.uniform(-limit, limit, shape).astype(np.float32)

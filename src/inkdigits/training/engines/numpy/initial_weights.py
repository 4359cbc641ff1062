"""Initial weights of dense and cnn, by NumPy: those that Keras's NumPy backend draws from a seed."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from inkdigits.networks.layer_configs import LayerConfig
from inkdigits.networks.plain_network import weight_shapes

__all__ = ["initial_weights"]

Floats = NDArray[np.float32]


def initial_weights(layers: Sequence[LayerConfig], seed: int) -> list[Floats]:
    """Every layer's kernel, drawn as Glorot and Bengio 2010 do, and its bias of zeros.

    Every backend of Keras draws other numbers from a seed; these are the ones that its NumPy backend draws after
    `keras.utils.set_random_seed(seed)`.
    """
    # As keras.src.random.make_default_seed draws a seed for every layer's initializer.
    seeds = random.Random(seed)
    weights = []
    for kernel_shape, bias_shape in filter(None, weight_shapes(layers)):
        weights += [_glorot_uniform(kernel_shape, seeds.randint(1, 10**9)), np.zeros(bias_shape, np.float32)]
    return weights


def _glorot_uniform(shape: tuple[int, ...], seed: int) -> Floats:
    *field, inputs, outputs = shape
    fans = math.prod(field) * (inputs + outputs)
    limit = math.sqrt(3.0 * (1.0 / max(1.0, fans / 2.0)))
    # As keras.src.backend.numpy.random.uniform draws them.
    generator = np.random.default_rng(np.array([seed, 0], np.uint32))
    return generator.uniform(-limit, limit, shape).astype(np.float32)

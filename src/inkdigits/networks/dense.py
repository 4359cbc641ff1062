"""The exercise's first network: two hidden layers of 512.

Parameters: (784 + 1) * 512 + (512 + 1) * 512 + (512 + 1) * 10 = 669,706.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inkdigits.networks.layer_configs import dense, flatten, keras_network

if TYPE_CHECKING:
    import keras

__all__ = ["LAYERS", "build"]

LAYERS = (
    flatten(),  # (n, 784)
    dense(512, activation="relu"),  # (n, 512)
    dense(512, activation="relu"),  # (n, 512)
    dense(10, activation="softmax"),  # (n, 10)
)


def build(input_shape: tuple[int, int, int]) -> keras.Model:
    """The untrained network for pictures of `input_shape`, (28, 28, 1) or (1, 28, 28), float32 in [0, 1]."""
    return keras_network("dense", LAYERS, input_shape)

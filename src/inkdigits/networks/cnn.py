"""The exercise's second network: two 5x5 convolutions, after Muhammad Rizwan's LeNet-like tutorial network.

Parameters: (25 * 1 + 1) * 32 + (25 * 32 + 1) * 64 + (1024 + 1) * 1024 + (1024 + 1) * 10 = 1,111,946.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inkdigits.networks.layer_configs import conv2d, dense, flatten, keras_network, max_pooling2d

if TYPE_CHECKING:
    import keras

__all__ = ["LAYERS", "build"]

LAYERS = (
    conv2d(32, 5, activation="relu"),  # (n, 24, 24, 32)
    max_pooling2d(2),  # (n, 12, 12, 32)
    conv2d(64, 5, activation="relu"),  # (n, 8, 8, 64)
    max_pooling2d(2),  # (n, 4, 4, 64)
    flatten(),  # (n, 1024)
    dense(1024, activation="relu"),  # (n, 1024)
    dense(10, activation="softmax"),  # (n, 10)
)


def build(input_shape: tuple[int, int, int]) -> keras.Model:
    """The untrained network for pictures of `input_shape`, (28, 28, 1) or (1, 28, 28), float32 in [0, 1]."""
    return keras_network("cnn", LAYERS, input_shape)

"""The 3x3 network of Keras's present MNIST example ("Simple MNIST convnet", by François Chollet).

Parameters: (9 * 1 + 1) * 32 + (9 * 32 + 1) * 64 + (1600 + 1) * 10 = 34,826.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

__all__ = ["build"]


def build(input_shape: tuple[int, int, int]) -> keras.Model:
    """The untrained network for pictures of `input_shape`, (28, 28, 1) or (1, 28, 28), float32 in [0, 1]."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input(input_shape),
            layers.Conv2D(32, 3, activation="relu"),  # (n, 26, 26, 32)
            layers.MaxPooling2D(2),  # (n, 13, 13, 32)
            layers.Conv2D(64, 3, activation="relu"),  # (n, 11, 11, 64)
            layers.MaxPooling2D(2),  # (n, 5, 5, 64)
            layers.Flatten(),  # (n, 1600)
            layers.Dropout(0.5),  # (n, 1600)
            layers.Dense(10, activation="softmax"),  # (n, 10)
        ],
        name="convnet",
    )

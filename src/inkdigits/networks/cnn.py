"""The exercise's second network: two 5x5 convolutions, after Muhammad Rizwan's LeNet-like tutorial network.

Parameters: (25 * 1 + 1) * 32 + (25 * 32 + 1) * 64 + (1024 + 1) * 1024 + (1024 + 1) * 10 = 1,111,946.
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
            layers.Conv2D(32, 5, activation="relu"),  # (n, 24, 24, 32)
            layers.MaxPooling2D(2),  # (n, 12, 12, 32)
            layers.Conv2D(64, 5, activation="relu"),  # (n, 8, 8, 64)
            layers.MaxPooling2D(2),  # (n, 4, 4, 64)
            layers.Flatten(),  # (n, 1024)
            layers.Dense(1024, activation="relu"),  # (n, 1024)
            layers.Dense(10, activation="softmax"),  # (n, 10)
        ],
        name="cnn",
    )

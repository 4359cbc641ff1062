"""The exercise's first network: two hidden layers of 512.

Parameters: (784 + 1) * 512 + (512 + 1) * 512 + (512 + 1) * 10 = 669,706.
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
            layers.Flatten(),  # (n, 784)
            layers.Dense(512, activation="relu"),  # (n, 512)
            layers.Dense(512, activation="relu"),  # (n, 512)
            layers.Dense(10, activation="softmax"),  # (n, 10)
        ],
        name="dense",
    )

"""The reader's network: 3x3 convolutions with batch normalization.

Its sizes are chosen for a computer without a GPU: 11.9 MFLOP a picture (tests/networks/test_networks.py), little more
than the exercise's CNN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
            *_convolution(32, 3),  # (n, 26, 26, 32)
            layers.MaxPooling2D(2),  # (n, 13, 13, 32)
            *_convolution(48, 3),  # (n, 11, 11, 48)
            *_convolution(48, 3, padding="same"),  # (n, 11, 11, 48)
            layers.MaxPooling2D(2),  # (n, 5, 5, 48)
            *_convolution(88, 3, padding="same"),  # (n, 5, 5, 88)
            *_convolution(88, 3),  # (n, 3, 3, 88)
            layers.Flatten(),  # (n, 792)
            layers.Dropout(0.3),
            layers.Dense(10, activation="softmax"),  # (n, 10)
        ],
        name="reader",
    )


def _convolution(filters: int, size: int, padding: str = "valid") -> list[Any]:
    """A convolution without a bias, batch normalization, which has one, and ReLU."""
    import keras
    from keras import layers

    channels = 1 if keras.config.image_data_format() == "channels_first" else -1
    return [
        layers.Conv2D(filters, size, padding=padding, use_bias=False),
        layers.BatchNormalization(axis=channels, momentum=0.95),
        layers.Activation("relu"),
    ]

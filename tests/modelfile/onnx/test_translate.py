"""Keras networks as graphs: what is translated right, and what is refused with the name of the layer."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import pytest
from keras import layers

from inkdigits.errors import ExportError
from inkdigits.modelfile.metadata import Metadata
from inkdigits.modelfile.onnx.translate import translate
from inkdigits.modelfile.onnx.writer import to_bytes
from inkdigits.modelfile.parity import check_parity
from inkdigits.modelfile.predictor import Predictor
from tests.modelfile.conftest import shaken


def _sequential(*inner: keras.layers.Layer) -> keras.Model:
    return shaken(keras.Sequential([keras.Input((28, 28, 1)), *inner], name="own"))


@pytest.mark.parametrize("size", [13, 14])
@pytest.mark.parametrize(
    "window",
    [
        lambda: layers.AveragePooling2D(3, strides=2, padding="same"),
        lambda: layers.MaxPooling2D(2, padding="same"),
        lambda: layers.Conv2D(3, (2, 5), strides=(3, 2), padding="same"),
        lambda: keras.Sequential([layers.Conv2D(4, 1), layers.Conv2D(6, 3, groups=2, padding="same")]),
    ],
)
def test_windows_padding_and_groups(window: Callable[[], keras.layers.Layer], size: int, metadata: Metadata) -> None:
    inner = [keras.Input((size, size, 1)), window(), layers.Flatten(), layers.Dense(10, "softmax")]
    model = shaken(keras.Sequential(inner))
    images = np.random.default_rng(0).integers(0, 256, (50, size, size), np.uint8)
    predictor = Predictor.from_bytes(to_bytes(translate(model), metadata), "model")
    check_parity(model, predictor.predict_proba, images)


def test_a_class_of_the_users_own_with_a_known_name_is_not_taken_for_keras(metadata: Metadata) -> None:
    class Dense(keras.layers.Dense):
        pass

    model = _sequential(layers.Flatten(), Dense(10, activation="softmax"))
    with pytest.raises(ExportError, match="is a Dense, which cannot be written"):
        translate(model)


@pytest.mark.parametrize(
    ("inner", "message"),
    [
        ([layers.Flatten(), layers.Dense(10, "sigmoid")], "ends in Sigmoid, expected a softmax"),
        ([layers.Dense(10, "softmax"), layers.Flatten()], "expected a Flatten or a global pooling before it"),
        ([layers.Flatten(), layers.Dense(10, lambda x: x), layers.Softmax()], "has the activation '<lambda>'"),
        ([layers.Conv2D(2, 3), layers.BatchNormalization(axis=1), layers.Flatten(), layers.Dense(10, "softmax")],
         r"normalizes axis 1.*expected the channels' axis, 3"),
        ([layers.Flatten(), layers.Dense(10, "softmax", dtype="mixed_float16")], "computes in float16"),
    ],
)  # fmt: skip
def test_what_cannot_be_written_is_said(inner: list[keras.layers.Layer], message: str) -> None:
    with pytest.raises(ExportError, match=message):
        translate(_sequential(*inner))


def test_colour_pictures_and_two_inputs_are_refused() -> None:
    colour = keras.Sequential([keras.Input((28, 28, 3)), layers.Flatten(), layers.Dense(10, "softmax")])
    with pytest.raises(ExportError, match="expected one grey picture"):
        translate(colour)
    one, other = keras.Input((28, 28, 1)), keras.Input((28, 28, 1))
    both = keras.Model([one, other], layers.Dense(10, "softmax")(layers.Flatten()(layers.Add()([one, other]))))
    with pytest.raises(ExportError, match="one input and one output"):
        translate(both)

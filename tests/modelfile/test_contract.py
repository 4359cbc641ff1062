"""Every network, Keras backend and data format: it exports, passes parity, and is evaluated as its Keras original is.

The backend is the one that KERAS_BACKEND names (`make test-backends` runs all three). The oracle is Keras itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import onnx
import pytest
from keras import layers

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.evaluation.evaluate import Predictions, score
from inkdigits.modelfile.export import export_onnx
from inkdigits.modelfile.keras_classifier import KerasClassifier
from inkdigits.modelfile.metadata import Metadata
from inkdigits.modelfile.predictor import Predictor
from inkdigits.networks.registry import NETWORKS, build_network
from tests.modelfile.conftest import shaken

pytestmark = pytest.mark.backends
FORMATS = ["channels_last", "channels_first"]


def _input() -> keras.KerasTensor:
    first = keras.config.image_data_format() == "channels_first"
    return keras.Input((1, 28, 28) if first else (28, 28, 1))


def _normalized(x: keras.KerasTensor) -> keras.KerasTensor:
    return layers.BatchNormalization(axis=1 if keras.config.image_data_format() == "channels_first" else -1)(x)


def residual() -> keras.Model:
    """Shortcuts, normalization after a convolution and after an activation, "same" windows that do not fit evenly."""
    inputs = _input()
    x = layers.Rescaling(3.2, offset=-0.4)(inputs)
    x = _normalized(layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False)(x))
    shortcut = x = layers.Activation("relu")(x)
    x = _normalized(layers.Conv2D(8, 3, padding="same", activation="gelu")(x))
    x = layers.SpatialDropout2D(0.1)(layers.Conv2D(8, (2, 4), padding="same", dilation_rate=2)(x))
    x = layers.ReLU()(layers.Add()([x, shortcut]))
    # Where the padding is uneven, Keras on torch counts it in, and on the others not.
    x = layers.AveragePooling2D(3, strides=1, padding="same")(x)
    x = layers.Conv2D(12, 3, padding="valid", activation="silu")(x)
    x = layers.Dropout(0.2)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(inputs, layers.Softmax()(layers.Dense(10)(x)), name="residual")


def flattened() -> keras.Model:
    """A normalization and a shortcut between Flatten and the weights that undo its order, and a network inside."""
    inputs = _input()
    x = layers.Conv2D(6, 5, strides=3, activation="leaky_relu")(inputs)
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    flat = layers.Flatten()(x)
    x = layers.Add()([layers.ELU(0.7)(flat), layers.BatchNormalization()(flat)])
    inner = keras.Sequential([keras.Input((x.shape[1],)), layers.Dense(20, "tanh"), layers.BatchNormalization()])
    return keras.Model(inputs, layers.Dense(10, "softmax")(inner(x)), name="flattened")


def straight() -> keras.Model:
    """Only Flatten before the softmax, and global maxima beside it."""
    inputs = _input()
    x = layers.Conv2D(10, 3, activation="relu6")(layers.Rescaling(2.0, -1.0)(inputs))
    return keras.Model(inputs, layers.Softmax()(layers.GlobalMaxPooling2D()(x)), name="straight")


OWN: list[Callable[[], keras.Model]] = [residual, flattened, straight]


def _built(network: str | Callable[[], keras.Model], image_data_format: str) -> keras.Model:
    keras.config.set_image_data_format(image_data_format)
    return shaken(build_network(network) if isinstance(network, str) else network())


@pytest.mark.parametrize("image_data_format", FORMATS)
@pytest.mark.parametrize("network", [*NETWORKS, *OWN])
def test_a_model_file_is_evaluated_as_its_keras_original(
    network: str | Callable[[], keras.Model],
    image_data_format: str,
    thousand: LabelledDigits,
    metadata: Metadata,
    tmp_path: Path,
) -> None:
    model = _built(network, image_data_format)
    exported = export_onnx(model, tmp_path / "model.onnx", metadata, thousand.images)
    assert exported.largest_difference < 1e-5

    theirs = Predictions(KerasClassifier(model).predict_proba(thousand.images), thousand.labels)
    ours = Predictions(Predictor.load(tmp_path / "model.onnx").predict_proba(thousand.images), thousand.labels)
    assert theirs.probabilities.std() > 0.02, "a network that always answers the same would prove nothing"
    np.testing.assert_allclose(ours.probabilities, theirs.probabilities, atol=1e-5)
    expected, found = score(thousand, theirs), score(thousand, ours)
    assert found.log_loss == pytest.approx(expected.log_loss, abs=1e-4)
    assert found.expected_calibration_error == pytest.approx(expected.expected_calibration_error, abs=1e-4)
    same = {"log_loss": 0.0, "expected_calibration_error": 0.0}
    assert replace(found, **same) == replace(expected, **same)


@pytest.mark.parametrize("image_data_format", FORMATS)
def test_the_graph_has_an_operator_for_each_layer_and_no_more(
    image_data_format: str, thousand: LabelledDigits, metadata: Metadata, tmp_path: Path
) -> None:
    def operators(network: str | Callable[[], keras.Model]) -> list[str]:
        path = tmp_path / "model.onnx"
        export_onnx(_built(network, image_data_format), path, metadata, thousand.images[:10])
        return [node.op_type for node in onnx.load(path).graph.node]

    prepared, pooled = ["Cast", "Mul", "Unsqueeze"], ["Conv", "Relu", "MaxPool"]
    assert operators("cnn") == [*prepared, *pooled * 2, "Flatten", "Gemm", "Relu", "Gemm", "Softmax"]
    assert operators("dense") == [*prepared, "Flatten", *["Gemm", "Relu"] * 2, "Gemm", "Softmax"]
    rescaled = ["Mul", "Add"]
    assert operators(straight) == [*prepared, *rescaled, "Conv", "Clip", "GlobalMaxPool", "Flatten", "Softmax"]
    # ONNX Runtime folds a normalization into the convolution before it when it loads the file.
    assert operators(residual).count("BatchNormalization") == 2

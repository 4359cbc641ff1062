"""Both networks in NumPy against Keras, which computes them by other means."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from inkdigits.datasets.labelled import LabelledDigits, Splits
from inkdigits.modelfile.keras_classifier import KerasClassifier
from inkdigits.networks.inputs import one_hot, to_inputs
from inkdigits.networks.registry import build_network
from inkdigits.stats.calibration import softmax
from inkdigits.training.engines.numpy.network import NumpyNetwork
from inkdigits.training.engines.numpy.parameters import Parameters
from inkdigits.training.engines.numpy.thread_pool import ThreadPool


def digits_of(small: Splits, n: int) -> LabelledDigits:
    assert small.train is not None
    return small.train.take(slice(0, n))


def keras_gradients(model: keras.Model, inputs: np.ndarray, targets: np.ndarray) -> list[np.ndarray]:
    """By the rule that a step of plain gradient descent at rate 1 takes off the gradient."""
    before = model.get_weights()
    model.compile(keras.optimizers.SGD(1.0), "categorical_crossentropy")
    model.train_on_batch(inputs, targets)
    return [old - new for old, new in zip(before, model.get_weights(), strict=True)]


@pytest.mark.parametrize("n", [1, 7, 50])
@pytest.mark.parametrize("name", ["dense", "cnn"])
def test_answers_and_gradients_are_those_of_keras(small: Splits, name: str, n: int) -> None:
    keras.utils.set_random_seed(1)
    digits, model = digits_of(small, n), build_network(name)
    parameters = Parameters.of(model.get_weights())
    pixels = digits.images.astype(np.float32) / 255
    with ThreadPool.open() as pool:
        network = NumpyNetwork(parameters, pool)
        answers = softmax(network.logits(pixels))
        np.testing.assert_allclose(network.differentiate(pixels, one_hot(digits.labels)), answers, atol=1e-6)
    np.testing.assert_allclose(answers, KerasClassifier(model).predict_proba(digits.images), atol=1e-6)
    expected = keras_gradients(model, to_inputs(digits.images, channels_first=False), one_hot(digits.labels))
    for found, wanted in zip(parameters.gradients, expected, strict=True):
        np.testing.assert_allclose(found, wanted, atol=2e-6)

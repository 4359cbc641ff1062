"""A network without Keras is the one that Keras builds: its layers, its weights, and its file."""

from __future__ import annotations

import random
from pathlib import Path

import keras
import numpy as np
import pytest

from inkdigits.datasets.labelled import Splits
from inkdigits.errors import RecipeError
from inkdigits.modelfile.keras_classifier import KerasClassifier, load_keras_model
from inkdigits.modelfile.onnx.translate import translate
from inkdigits.networks.plain_network import PlainNetwork
from inkdigits.networks.registry import build_network
from inkdigits.training.engines.engine_registry import ENGINES
from inkdigits.training.engines.numpy.initial_weights import initial_weights

PLAIN = ["dense", "cnn"]


def plain_network(name: str, seed: int) -> PlainNetwork:
    build = ENGINES["numpy"].initial_network
    assert build is not None
    network = build(name, seed)
    rng = np.random.default_rng(seed)
    network.set_weights([weight + rng.normal(0, 0.02, weight.shape).astype(np.float32) for weight in network.weights])
    return network


@pytest.mark.parametrize("name", PLAIN)
def test_its_file_is_one_of_keras(name: str, tmp_path: Path, small: Splits) -> None:
    assert small.test is not None
    network, images = plain_network(name, 3), small.test.images[:200]
    network.save(tmp_path / "model.keras")
    model, built = load_keras_model(tmp_path / "model.keras"), build_network(name)
    assert [type(layer) for layer in model.layers] == [type(layer) for layer in built.layers]
    for loaded, made in zip(model.layers, built.layers, strict=True):
        assert {**loaded.get_config(), "name": ""} == {**made.get_config(), "name": ""}
    assert model.count_params() == network.count_params() == built.count_params()
    assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), network.get_weights(), strict=True))
    classifier = ENGINES["numpy"].classifier_of(network)
    np.testing.assert_allclose(
        classifier.predict_proba(images), KerasClassifier(model).predict_proba(images), rtol=0, atol=1e-5
    )
    model.save(tmp_path / "again.keras")
    assert load_keras_model(tmp_path / "again.keras").count_params() == network.count_params()


@pytest.mark.parametrize("name", PLAIN)
def test_its_graph_is_that_of_keras(name: str) -> None:
    network, model = plain_network(name, 4), build_network(name)
    model.set_weights(network.get_weights())
    ours, theirs = translate(network), translate(model)
    assert len(ours.nodes) == len(theirs.nodes)
    for one, other in zip(ours.nodes, theirs.nodes, strict=True):
        assert (one.op_type, one.inputs, one.output) == (other.op_type, other.inputs, other.output)
        assert {name: _plain(value) for name, value in one.attributes.items()} == {
            name: _plain(value) for name, value in other.attributes.items()
        }
        assert all(np.array_equal(a, b) for a, b in zip(one.constants, other.constants, strict=True))
    assert ours.output == theirs.output


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple | list) else value


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1])
def test_a_seed_gives_the_initializers_of_keras(name: str, seed: int) -> None:
    """Keras draws a seed for each layer's initializer; its NumPy backend draws the kernel from that seed."""
    keras.utils.set_random_seed(seed)
    model, drawn = build_network(name), random.Random(seed)
    seeds = [layer.kernel_initializer.seed for layer in model.layers if layer.weights]
    assert seeds == [drawn.randint(1, 10**9) for _ in seeds]
    build = ENGINES["numpy"].initial_network
    assert build is not None
    network = build(name, seed)
    weights = initial_weights(network.layers, seed)
    assert [weight.shape for weight in weights] == [tuple(weight.shape) for weight in model.weights]
    for kernel, bias in zip(weights[::2], weights[1::2], strict=True):
        fan_in, fan_out = np.prod(kernel.shape[:-1]), np.prod(kernel.shape[:-2]) * kernel.shape[-1]
        limit = (6 / (fan_in + fan_out)) ** 0.5
        assert 0.95 * limit < np.abs(kernel).max() <= limit
        assert not bias.any()


def test_the_weights_of_seed_0_are_what_they_were() -> None:
    """Those that Keras's NumPy backend drew, so that recorded accuracies of seeds stay true."""
    weights = initial_weights(plain_network("cnn", 0).layers, 0)
    assert [float(x) for x in weights[0].flat[:2]] == [-0.03825989365577698, 0.07318094372749329]
    assert [float(x) for x in weights[4].flat[:2]] == [-0.003330822801217437, -0.008793712593615055]


def test_weights_of_another_network_are_refused() -> None:
    network = plain_network("dense", 0)
    with pytest.raises(ValueError, match="expected weights of the shapes"):
        network.set_weights(plain_network("cnn", 0).get_weights())


def test_only_the_numpy_engine_trains_without_keras() -> None:
    from inkdigits.training.backend import WITHOUT_KERAS, Backend

    with pytest.raises(RecipeError, match="computes no gradients"):
        ENGINES["keras"].check("dense", Backend(WITHOUT_KERAS))

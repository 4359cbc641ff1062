"""One contract for every network, Keras backend and data format: build, count, train, fall, save, load, agree.

The backend is the one that KERAS_BACKEND names (`make test-backends` runs all three); the data formats run here.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from inkdigits.datasets.labelled import Splits
from inkdigits.evaluation.evaluate import evaluate, load_predictions
from inkdigits.modelfile.keras_classifier import KerasClassifier, load_keras_model
from inkdigits.modelfile.parity import TOLERANCE
from inkdigits.networks.inputs import one_hot, to_inputs
from inkdigits.networks.registry import NETWORKS, build_network
from inkdigits.training.backend import WITHOUT_KERAS, Backend
from inkdigits.training.checkpoint import latest_checkpoint
from inkdigits.training.engines.keras.keras_session import jit_compile
from inkdigits.training.run import Run
from inkdigits.training.train import train

pytestmark = pytest.mark.backends
# What batch normalization knows of its inputs it learns over a few hundred steps.
SHORT = {"reader": {"epochs": 4, "batch_size": 16}}
PARAMETERS = {"dense": 669_706, "cnn": 1_111_946, "convnet": 34_826, "reader": 151_706}


@pytest.fixture(autouse=True)
def _data_format_is_put_back() -> Iterator[None]:
    before = keras.config.image_data_format()
    yield
    keras.config.set_image_data_format(before)


def test_the_backend_is_the_one_that_was_asked_for() -> None:
    assert keras.backend.backend() == os.environ.get("KERAS_BACKEND", "jax")


def _train(network: str, image_data_format: str, data: Path, out: Path, seed: int = 0) -> Run:
    return train(
        network,
        data=str(data),
        # Digits alone: 900 of them teach nobody what is no digit.
        hyperparameters={
            **SHORT.get(network, {"epochs": 2, "batch_size": 32}),
            "augmentation": 0,
            "glyphs": 0,
            "nondigits": 0,
        },
        seed=seed,
        backend=Backend(keras.backend.backend(), image_data_format=image_data_format),
        out=out,
    )


@pytest.fixture(scope="module")
def trained(small_npz: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Run]:
    """A training of a network in a data format; each is done once."""
    return cache(lambda network, form: _train(network, form, small_npz, tmp_path_factory.mktemp("trained") / "run"))


@pytest.mark.parametrize("image_data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("network", NETWORKS)
def test_contract(
    network: str, image_data_format: str, small: Splits, small_npz: Path, trained: Callable[[str, str], Run]
) -> None:
    run = trained(network, image_data_format)
    assert run.config.parameters == PARAMETERS[network]
    checkpoint = latest_checkpoint(run.checkpoints)
    assert checkpoint is not None
    first, *_, last = checkpoint.progress.history
    assert last.loss < first.loss

    model = load_keras_model(run.model_path)
    assert model.count_params() == PARAMETERS[network]
    assert tuple(model.input_shape[1:]) == ((1, 28, 28) if image_data_format == "channels_first" else (28, 28, 1))
    assert {type(layer).__module__.split(".")[0] for layer in model.layers} == {"keras"}

    evaluation = evaluate(run, data=str(small_npz))
    assert evaluation.n == 500
    assert evaluation.accuracy > 0.5
    assert small.test is not None
    kept = load_predictions(run, evaluation.data_sha256).probabilities
    again = KerasClassifier(model).predict_proba(small.test.images)
    # The kept ones are the model file's, which may differ from Keras by what every export is held to.
    np.testing.assert_allclose(again, kept, rtol=0, atol=TOLERANCE)


# With one channel that is flattened at once, the data format changes nothing in dense.
@pytest.mark.parametrize(
    ("network", "image_data_format"), [("dense", "channels_last"), ("cnn", "channels_last"), ("cnn", "channels_first")]
)
def test_sprint_leaves_a_keras_model(
    network: str, image_data_format: str, small: Splits, small_npz: Path, tmp_path: Path
) -> None:
    run = train(
        network,
        recipe="sprint",
        data=str(small_npz),
        hyperparameters={"loss_sampling_fraction": 1, "epochs": 4, "batch_size": 32},
        backend=Backend(keras.backend.backend(), image_data_format=image_data_format),
        out=tmp_path / "run",
    )
    model = load_keras_model(run.model_path)
    assert model.count_params() == PARAMETERS[network]
    assert small.test is not None
    assert np.mean(KerasClassifier(model).predict_proba(small.test.images).argmax(axis=1) == small.test.labels) > 0.8


@pytest.mark.parametrize("network", ["dense", "cnn"])
def test_what_was_trained_without_keras_is_loaded_by_it(
    network: str, small: Splits, small_npz: Path, tmp_path: Path
) -> None:
    run = train(network, recipe="sprint", data=str(small_npz), out=tmp_path / "run")
    assert run.config.backend.name == WITHOUT_KERAS
    evaluation = evaluate(run, data=str(small_npz))
    kept = load_predictions(run, evaluation.data_sha256).probabilities
    assert small.test is not None
    found = KerasClassifier(load_keras_model(run.model_path)).predict_proba(small.test.images)
    np.testing.assert_allclose(found, kept, rtol=0, atol=TOLERANCE)


def test_a_step_is_the_same_in_both_data_formats(small: Splits) -> None:
    """On TensorFlow's CPU, channels first trains by XLA alone, which must compute the same network."""
    assert small.train is not None
    digits = small.train.take(slice(0, 256))
    weights = []
    for image_data_format in ("channels_last", "channels_first"):
        keras.config.set_image_data_format(image_data_format)
        keras.utils.set_random_seed(0)
        model = build_network("cnn")
        inputs = to_inputs(digits.images, channels_first=image_data_format == "channels_first")
        model.compile("sgd", "categorical_crossentropy", jit_compile=jit_compile())
        model.fit(inputs, one_hot(digits.labels), batch_size=128, shuffle=False, verbose=0)
        weights.append(model.get_weights())
    for last, first in zip(*weights, strict=True):
        np.testing.assert_allclose(first, last, atol=1e-6)


def _weights(run: Run) -> list[NDArray[np.float32]]:
    return [np.array(weights) for weights in load_keras_model(run.model_path).get_weights()]


@pytest.mark.parametrize("network", NETWORKS)
def test_same_seed_same_weights(
    network: str, trained: Callable[[str, str], Run], small_npz: Path, tmp_path: Path
) -> None:
    again = _train(network, "channels_last", small_npz, tmp_path / "again")
    pairs = zip(_weights(trained(network, "channels_last")), _weights(again), strict=True)
    assert all(np.array_equal(a, b) for a, b in pairs)


def test_another_seed_other_weights(trained: Callable[[str, str], Run], small_npz: Path, tmp_path: Path) -> None:
    other = _train("dense", "channels_last", small_npz, tmp_path / "other", seed=6)
    pairs = zip(_weights(trained("dense", "channels_last")), _weights(other), strict=True)
    assert not all(np.array_equal(a, b) for a, b in pairs)

"""Saliency: the gradient, the nearest training pictures, and a run without its data."""

from __future__ import annotations

import json
from pathlib import Path

import keras
import numpy as np
import pytest

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.errors import RunError
from inkdigits.evaluation.explain import explain
from inkdigits.evaluation.saliency import gradient_map, nearest
from inkdigits.modelfile.keras_classifier import KerasClassifier
from inkdigits.networks.inputs import to_inputs
from inkdigits.networks.registry import build_network
from inkdigits.training.run import Run
from inkdigits.training.train import train


@pytest.fixture(scope="module")
def run(small_npz: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("explain")
    return train("convnet", hyperparameters={"epochs": 1}, data=str(small_npz), out=folder / "run")


@pytest.mark.backends
@pytest.mark.parametrize("network", ["dense", "convnet"])
def test_the_gradient_is_that_of_finite_differences(network: str) -> None:
    """On every backend. On noise: on plain paper all inputs of a pooling are the same, and it has no gradient."""
    keras.utils.set_random_seed(0)
    model = build_network(network)
    image = np.random.default_rng(0).integers(1, 255, (28, 28)).astype(np.uint8)
    first = tuple(model.input_shape[1:]) == (1, 28, 28)

    def margin(inputs: np.ndarray, label: int) -> float:
        logs = np.log(np.asarray(model.predict(inputs, verbose=0), np.float64)[0])
        return float(logs[label] - np.delete(logs, label).max())

    label = int(np.argsort(model.predict(to_inputs(image[None], first), verbose=0)[0])[3])
    found = gradient_map(model, image, label)
    assert found.shape == (28, 28)
    flat, step = to_inputs(image[None], first).reshape(-1), 0.002
    for place in np.argsort(-np.abs(found), axis=None)[[0, 5, 20, 60]]:
        more, less = flat.copy(), flat.copy()
        more[place] += step
        less[place] -= step
        shape = to_inputs(image[None], first).shape
        expected = (margin(more.reshape(shape), label) - margin(less.reshape(shape), label)) / (2 * step)
        assert found.reshape(-1)[place] == pytest.approx(expected, rel=0.05, abs=5e-4)


def test_the_nearest_pictures_are_nearest_in_the_last_hidden_layer(run: Run, test_part: LabelledDigits) -> None:
    model = keras.saving.load_model(run.path / "model.keras")
    (found,) = nearest(model, test_part.images[7:8], test_part, 3)
    assert (found[0].index, found[0].distance) == (7, 0.0)
    assert found[0].distance <= found[1].distance <= found[2].distance
    # The last layer is dense: its logits are the hidden features times its weights, so equal features answer alike.
    kernel, bias = model.layers[-1].get_weights()
    inputs = to_inputs(test_part.images, channels_first=False)
    hidden = np.asarray(keras.Model(model.inputs, model.layers[-1].input).predict(inputs, verbose=0))
    logits = hidden @ kernel + bias
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert probabilities == pytest.approx(KerasClassifier(model).predict_proba(test_part.images), abs=1e-5)
    distances = np.linalg.norm(hidden - hidden[7], axis=1)
    assert [near.index for near in found] == np.argsort(distances, kind="stable")[:3].tolist()


def test_a_run_whose_data_are_gone(run: Run, test_part: LabelledDigits, small_npz: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("model.keras", "config.json", "status.json"):
        (copy / name).write_bytes((run.path / name).read_bytes())
    config = json.loads((copy / "config.json").read_text())
    config["data"]["sha256"] = "0" * 64
    (copy / "config.json").write_text(json.dumps(config))
    with pytest.raises(RunError, match="use neighbours 0"):
        explain(copy, test_part.images[0])
    assert explain(copy, test_part.images[0], neighbours=0).gradient is not None

"""Explanations: gradients against finite differences, neighbours against brute force, and no Keras for model files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.errors import DataError, RunError
from inkdigits.evaluation.explain import explain
from inkdigits.evaluation.saliency import gradient_map, nearest
from inkdigits.modelfile.keras_classifier import KerasClassifier
from inkdigits.networks.inputs import to_inputs
from inkdigits.networks.registry import build_network
from inkdigits.training.run import Run
from inkdigits.training.train import train
from tests.conftest import Cli


@pytest.fixture(scope="module")
def run(small_npz: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("explain")
    return train("convnet", hyperparameters={"epochs": 1}, data=str(small_npz), out=folder / "run")


@pytest.fixture
def digit(test_part: LabelledDigits, tmp_path: Path) -> Path:
    Image.fromarray(test_part.images[0]).save(tmp_path / "seven.png")
    return tmp_path / "seven.png"


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


def test_a_run_is_explained_with_gradient_and_neighbours(cli: Cli, run: Run, digit: Path, tmp_path: Path) -> None:
    result = cli("explain", run.path, digit, "--neighbours", 2, "--out", tmp_path / "why.png", "--json")
    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout)
    assert np.shape(told["gradient"]) == np.shape(told["occlusion"]) == (28, 28)
    assert len(told["neighbours"]) == 2
    with Image.open(tmp_path / "why.png") as picture:
        assert picture.width > 2 * picture.height


def test_a_run_whose_data_are_gone(run: Run, test_part: LabelledDigits, small_npz: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("model.keras", "config.json", "status.json"):
        (copy / name).write_bytes((run.path / name).read_bytes())
    config = json.loads((copy / "config.json").read_text())
    config["data"]["sha256"] = "0" * 64
    (copy / "config.json").write_text(json.dumps(config))
    with pytest.raises(RunError, match="use --neighbours 0"):
        explain(copy, test_part.images[0])
    assert explain(copy, test_part.images[0], neighbours=0).gradient is not None


def test_a_model_file_is_explained_without_keras(digit: Path, tmp_path: Path) -> None:
    code = (
        "import sys; sys.argv = ['inkdigits', 'explain', *sys.argv[1:]]\n"
        "from inkdigits.cli import main\n"
        "try: main()\n"
        "except SystemExit as stop: assert not stop.code\n"
        "print(sorted({'keras', 'jax', 'tensorflow', 'torch', 'onnx'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code, "cnn", str(digit), "--out", str(tmp_path / "why.png")]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert told.splitlines()[0].startswith("read: 7 with ")
    assert told.splitlines()[-1] == "[]"
    assert (tmp_path / "why.png").read_bytes().startswith(b"\x89PNG")


def test_ink_of_the_digit_speaks_for_it(test_part: LabelledDigits) -> None:
    explanation = explain("cnn", test_part.images[0])
    assert explanation.label == 7
    assert explanation.occlusion.max() > 1
    assert explanation.gradient is None
    # What speaks for a seven speaks against a one.
    other = explain("cnn", test_part.images[0], label=1)
    strongest = np.unravel_index(explanation.occlusion.argmax(), (28, 28))
    assert other.occlusion[strongest] < 0


@pytest.mark.parametrize(
    ("arguments", "needle"),
    [
        (["gone.onnx", "PICTURE"], "gone.onnx"),
        (["cnn", "gone.png"], "gone.png"),
        (["cnn", "PICTURE", "--number", "2"], "holds 1 picture, got --number 2"),
    ],
)
def test_wrong_use_is_one_line(cli: Cli, digit: Path, arguments: list[str], needle: str, tmp_path: Path) -> None:
    given = [str(digit) if argument == "PICTURE" else argument for argument in arguments]
    result = cli("explain", *given, "--out", tmp_path / "why.png")
    assert result.returncode == 2
    assert needle in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "why.png").exists()


def test_a_label_that_is_no_digit(test_part: LabelledDigits) -> None:
    with pytest.raises(DataError, match="expected a digit 0 to 9"):
        explain("cnn", test_part.images[0], label=10)


def test_the_picture_of_a_folder_is_named_and_no_file_is_replaced(
    cli: Cli, digit: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scans").mkdir()
    for name in ("a.png", "b.png"):
        (tmp_path / "scans" / name).write_bytes(digit.read_bytes())
    (tmp_path / "explained.png").write_text("mine")
    result = cli("explain", "cnn", "scans")
    assert result.stderr == "picture 1 of 2 in scans: scans/a.png (--number chooses another)\n"
    assert "explained-2.png: what speaks for" in result.stdout
    assert (tmp_path / "explained.png").read_text() == "mine"
    for name, told in (("explained.png", "exists already: choose another --out"), ("x.jpg", "ends in .png")):
        assert told in cli("explain", "cnn", "scans", "--out", name).stderr

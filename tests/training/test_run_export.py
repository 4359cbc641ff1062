"""A run's model file: written at the end of every training, by `inkdigits export`, and what evaluation makes of it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from inkdigits.datasets.labelled import Splits
from inkdigits.datasets.split import stratified_split
from inkdigits.errors import ExportError, ModelFileError, NetworkError, OutputError
from inkdigits.evaluation.evaluate import evaluate
from inkdigits.modelfile.keras_classifier import KerasClassifier, load_keras_model
from inkdigits.modelfile.load import load_classifier
from inkdigits.modelfile.predictor import Predictor
from inkdigits.stats.calibration import softmax
from inkdigits.stats.scores import log_loss
from inkdigits.training.run import Run
from inkdigits.training.run_export import export_run
from inkdigits.training.train import train
from tests.conftest import Cli

OWN = """
import keras
def odd(input_shape):
    layers = keras.layers
    return keras.Sequential([keras.Input(input_shape), layers.Flatten(), layers.LayerNormalization(),
                             layers.Dense(10, "softmax")])
"""


@pytest.fixture(scope="module")
def run(small_npz: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train(
        "dense", data=str(small_npz), hyperparameters={"epochs": 3}, seed=4, out=tmp_path_factory.mktemp("runs") / "run"
    )


def test_a_training_leaves_a_model_file_with_its_provenance(run: Run, small: Splits) -> None:
    metadata = Predictor.load(run.model_file_path).metadata
    config = run.config
    assert metadata.network == "dense"
    assert metadata.recipe == asdict(config.recipe)
    assert metadata.seed == 4
    assert small.train is not None
    assert metadata.data_sha256 == small.train.sha256 == config.data.sha256


def test_its_temperature_is_the_best_one_on_the_validation_part(run: Run, small: Splits) -> None:
    predictor = Predictor.load(run.model_file_path)
    assert small.train is not None
    _, validation = stratified_split(small.train, run.config.recipe.validation_fraction, 4)
    logits = predictor.predict_logits(validation.images)

    def loss(temperature: float) -> float:
        return log_loss(validation.labels, softmax(logits / temperature))

    found = predictor.metadata.temperature
    assert found != 1
    assert loss(found) < min(loss(found * 1.01), loss(found / 1.01), loss(1))


def test_evaluation_says_log_loss_and_calibration_before_and_after(run: Run, small: Splits, small_npz: Path) -> None:
    evaluation = evaluate(run, data=str(small_npz))
    assert evaluation.calibrated is not None
    assert small.test is not None
    predictor = Predictor.load(run.model_file_path)
    assert evaluation.calibrated.temperature == predictor.metadata.temperature
    after = log_loss(small.test.labels, predictor.predict_proba(small.test.images))
    assert evaluation.calibrated.log_loss == pytest.approx(after, abs=1e-5)
    before = log_loss(small.test.labels, softmax(predictor.predict_logits(small.test.images)))
    assert evaluation.log_loss == pytest.approx(before, abs=1e-5)


def test_anything_loads_into_something_that_classifies(run: Run, small: Splits) -> None:
    assert small.test is not None
    images = small.test.images[:20]
    by_folder, by_file = load_classifier(run.path), load_classifier(run.model_file_path)
    assert isinstance(by_folder, Predictor)
    np.testing.assert_array_equal(by_folder.predict_proba(images), by_file.predict_proba(images))
    by_keras = load_classifier(run.path / "model.keras")
    assert isinstance(by_keras, KerasClassifier)
    np.testing.assert_array_equal(
        by_keras.predict_proba(images).argmax(axis=1), by_file.predict_proba(images).argmax(axis=1)
    )
    with pytest.raises(ModelFileError, match="no trained network in it"):
        load_classifier(run.path / "predictions")


def test_export_command(run: Run, main_here: Cli, tmp_path: Path) -> None:
    out = tmp_path / "deeper" / "mine.onnx"
    result = main_here("export", run.path, "--out", out, "--json")
    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout)
    assert told["out"] == str(out)
    assert told["largest_difference"] < 1e-5
    assert told["temperature"] == Predictor.load(out).metadata.temperature
    result = main_here("export", run.path, "--format", "keras", "--out", tmp_path / "mine.keras")
    assert result.returncode == 0, result.stderr
    assert "differs from Keras by at most 0" in result.stdout
    before = out.read_bytes()
    refused = main_here("export", run.path, "--out", out)
    assert (refused.returncode, refused.stderr) == (2, f"inkdigits: {out}: exists already: choose another --out\n")
    assert out.read_bytes() == before
    assert main_here("export", run.path).returncode == 0  # a run's own model file is written again


@pytest.mark.parametrize(("form", "name"), [("onnx", "m.keras"), ("keras", "m.onnx"), ("saved_model", "m.onnx")])
def test_a_name_that_says_another_format_is_refused(run: Run, tmp_path: Path, form: str, name: str) -> None:
    with pytest.raises(OutputError, match=f"{name}: expected a"):
        export_run(run.path, to=form, out=tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_keras_file_is_missing_only_when_it_is(tmp_path: Path) -> None:
    (tmp_path / "damaged.keras").write_text("no zip archive")
    for name, told in (("gone.keras", "no such file"), ("damaged.keras", "expected a .keras file, a zip archive")):
        with pytest.raises(NetworkError, match=told):
            load_keras_model(tmp_path / name)


def test_formats_that_need_another_backend_say_so(run: Run, main_here: Cli) -> None:
    result = main_here("export", run.path, "--format", "tflite", "--backend", "jax")
    assert result.returncode == 2
    assert result.stderr == (
        "inkdigits: tflite is written by the tensorflow backend only, got jax: leave --backend out\n"
    )
    with pytest.raises(ExportError, match="unknown format 'caffe'"):
        export_run(run.path, to="caffe")


def test_a_network_that_cannot_be_written_is_trained_all_the_same(tmp_path: Path, small_npz: Path) -> None:
    (tmp_path / "nets.py").write_text(OWN)
    with pytest.warns(UserWarning, match=r"no model.onnx in it: layer '.*' is a LayerNormalization"):
        run = train(
            f"{tmp_path / 'nets.py'}:odd", data=str(small_npz), hyperparameters={"epochs": 1}, out=tmp_path / "run"
        )
    assert run.status.state == "finished"
    assert not run.model_file_path.exists()
    evaluation = evaluate(run, data=str(small_npz))
    assert evaluation.calibrated is None
    assert isinstance(load_classifier(run.path), KerasClassifier)


def test_a_stopped_training_leaves_a_model_file_too(tmp_path: Path, small_npz: Path) -> None:
    command = ["train", "dense", "--data", str(small_npz), "--out", str(tmp_path / "run"), "--epochs", "10000"]
    process = subprocess.Popen([sys.executable, "-m", "inkdigits", *command, "--set", "patience=0"])
    deadline = time.monotonic() + 120
    while not list((tmp_path / "run").glob("checkpoints/epoch-*")) and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=120) == 130
    assert Run(tmp_path / "run").status.state == "interrupted"
    assert Predictor.load(tmp_path / "run" / "model.onnx").metadata.network == "dense"

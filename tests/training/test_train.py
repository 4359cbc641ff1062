"""Training as a caller sees it: what is kept, what is refused, and what stays after a stop."""

from __future__ import annotations

import csv
import json
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest

from inkdigits.datasets.npz import load_npz, save_npz
from inkdigits.errors import NetworkError, OutputError, RecipeError, RunError
from inkdigits.evaluation.evaluate import evaluate
from inkdigits.modelfile.keras_classifier import load_keras_model
from inkdigits.training import epoch_loop
from inkdigits.training import train as train_module
from inkdigits.training.run import Run, find_runs, locked_folder
from inkdigits.training.train import resume, train

QUICK = {"epochs": 3, "batch_size": 64}


@pytest.fixture(scope="module")
def finished(small_npz: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train("dense", data=str(small_npz), hyperparameters=QUICK, out=tmp_path_factory.mktemp("runs") / "dense")


def test_a_run_holds_what_was_asked_for_and_what_came_of_it(finished: Run, small_npz: Path) -> None:
    assert finished.config.network == "dense"
    assert finished.config.recipe.epochs == 3
    assert finished.config.data.source == str(small_npz)
    assert finished.status.state == "finished"
    assert set(finished.status.seconds) == {"import", "data", "compile", "train"}
    rows = list(csv.DictReader((finished.path / "history.csv").read_text().splitlines()))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert float(rows[2]["loss"]) < float(rows[0]["loss"])
    assert [run.path for run in find_runs(finished.path.parent)] == [finished.path]


def test_the_test_part_is_never_seen_by_training(small_npz: Path, tmp_path: Path) -> None:
    splits = load_npz(small_npz)
    save_npz(tmp_path / "only_train.npz", type(splits)(splits.train, None))
    runs = [
        train("dense", data=str(data), hyperparameters={"epochs": 1}, out=tmp_path / name)
        for name, data in (("with", small_npz), ("without", tmp_path / "only_train.npz"))
    ]
    assert not (tmp_path / "with" / "test_openings.json").exists()
    with_test, without = (load_keras_model(run.model_path).get_weights() for run in runs)
    assert all(np.array_equal(a, b) for a, b in zip(with_test, without, strict=True))


def test_every_opening_of_a_test_set_is_recorded(small_npz: Path, finished: Run) -> None:
    before = len(finished.test_openings)
    evaluate(finished, data=str(small_npz))
    evaluate(finished, data=str(small_npz))
    assert len(finished.test_openings) == before + 2


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"network": "cn"}, NetworkError),
        ({"recipe": "slow"}, RecipeError),
        ({"hyperparameters": {"learning_rate": -1}}, RecipeError),
        ({"seed": -1}, RecipeError),
    ],
)
def test_what_is_refused_writes_nothing(arguments: dict[str, object], error: type[Exception], tmp_path: Path) -> None:
    with pytest.raises(error):
        train(**{"network": "dense", "out": tmp_path / "run", **arguments})  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_a_run_is_never_overwritten(finished: Run, small_npz: Path) -> None:
    before = {file: file.read_bytes() for file in finished.path.rglob("*") if file.is_file()}
    with pytest.raises(OutputError, match="holds a run already"):
        train("dense", data=str(small_npz), out=finished.path)
    assert {file: file.read_bytes() for file in finished.path.rglob("*") if file.is_file()} == before


def test_a_folder_with_other_files_is_left_as_it_is(small_npz: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(OutputError, match="holds files already that are no run"):
        train("dense", data=str(small_npz), out=tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_finished_run_cannot_be_resumed(finished: Run) -> None:
    with pytest.raises(RunError, match="is finished"):
        resume(finished.path)


def test_two_trainings_into_one_folder(tmp_path: Path, small_npz: Path) -> None:
    with locked_folder(tmp_path / "run"), pytest.raises(RunError, match="another training is writing into it"):
        train("dense", data=str(small_npz), out=tmp_path / "run")


def test_resume_with_another_number_of_cores_warns(small_npz: Path, tmp_path: Path) -> None:
    with (
        mock.patch.object(epoch_loop, "save_checkpoint", side_effect=KeyboardInterrupt),
        pytest.raises(KeyboardInterrupt),
    ):
        train("dense", data=str(small_npz), hyperparameters=QUICK, out=tmp_path / "run")
    with (
        mock.patch.object(train_module, "usable_cores", return_value=999),
        pytest.warns(UserWarning, match="is resumed on 999"),
    ):
        resume(tmp_path / "run")


def test_resume_with_changed_data_is_refused(small_npz: Path, tmp_path: Path) -> None:
    data = tmp_path / "data.npz"
    data.write_bytes(small_npz.read_bytes())
    with (
        mock.patch.object(epoch_loop, "save_checkpoint", side_effect=KeyboardInterrupt),
        pytest.raises(KeyboardInterrupt),
    ):
        train("dense", data=str(data), hyperparameters=QUICK, out=tmp_path / "run")
    splits = load_npz(data)
    assert splits.train is not None
    save_npz(data, type(splits)(splits.train.take(slice(0, 900)), splits.test))
    with pytest.raises(RunError, match="changed since it began"):
        resume(tmp_path / "run")


def test_an_own_network_is_kept_with_its_run(small_npz: Path, tmp_path: Path) -> None:
    source = tmp_path / "nets.py"
    source.write_text(
        "import keras\n"
        "def tiny(input_shape):\n"
        "    layers = [keras.Input(input_shape), keras.layers.Flatten(), keras.layers.Dense(10, 'softmax')]\n"
        "    return keras.Sequential(layers)\n"
    )
    run = train(f"{source}:tiny", data=str(small_npz), hyperparameters={"epochs": 1}, out=tmp_path / "run")
    assert (run.path / "network.py").read_text() == source.read_text()
    source.unlink()
    assert evaluate(run, data=str(small_npz)).n == 500


def test_json_files_are_plain_json(finished: Run) -> None:
    for file in finished.path.glob("*.json"):
        json.loads(file.read_text(), parse_constant=pytest.fail)


def test_ctrl_c_while_digits_are_read_is_not_lost(
    small_npz: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = threading.Event()
    load, build = train_module.load_training_data, train_module._initial_network

    def load_and_interrupt(*arguments: Any) -> Any:
        data = load(*arguments)
        assert built.wait(60)
        time.sleep(0.5)  # until the network that was built is waiting for these digits
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.1)
        return data

    def build_and_tell(*arguments: Any) -> Any:
        network = build(*arguments)
        built.set()
        return network

    monkeypatch.setattr(train_module, "load_training_data", load_and_interrupt)
    monkeypatch.setattr(train_module, "_initial_network", build_and_tell)
    with pytest.raises(KeyboardInterrupt):
        train("dense", data=small_npz, out=tmp_path / "run", recipe="sprint")

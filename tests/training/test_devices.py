"""One training over several devices: virtual ones of the CPU, in real processes, against the same on one device."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from inkdigits.errors import NetworkError, RecipeError
from inkdigits.training.backend import Backend
from inkdigits.training.devices import Devices
from inkdigits.training.epoch_data import steps_per_epoch
from inkdigits.training.recipes import Recipe
from tests.conftest import Cli

pytestmark = pytest.mark.skipif(keras.backend.backend() != "jax", reason="data parallel is for JAX")

TWO = {"XLA_FLAGS": "--xla_force_host_platform_device_count=2"}
# Several processes on JAX start so, whatever starts them.
JOIN = """
import os, sys, jax
jax.distributed.initialize(sys.argv.pop(1), num_processes=2, process_id=int(sys.argv.pop(1)))
from inkdigits.cli import main
main()
"""


NETWORK = """
import keras
from keras import layers

def build(shape):
    return keras.Sequential([
        keras.Input(shape), layers.Conv2D(4, 3, use_bias=False), layers.BatchNormalization(), layers.Activation("relu"),
        layers.MaxPooling2D(4), layers.Flatten(), layers.Dropout(0.3), layers.Dense(10, activation="softmax")])
"""


def _arguments(small_npz: Path, out: Path) -> list[str]:
    """Batch normalization and dropout in two epochs of 900 pictures: 7 batches and a small one each."""
    network = out.parent / "small.py"
    network.write_text(NETWORK)
    return ["train", f"{network}:build", "--epochs=2", "--seed=3", f"--data={small_npz}", f"--out={out}", "--quiet"]


def _weights(run: Path) -> list[np.ndarray]:
    return keras.saving.load_model(run / "model.keras", compile=False).get_weights()


@pytest.fixture(scope="module")
def alone(cli: Cli, small_npz: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("alone") / "run"
    result = cli(*_arguments(small_npz, out))
    assert result.returncode == 0, result.stderr
    return out


def _assert_same(run: Path, alone: Path) -> None:
    """Two epochs of float32 sums in another order: seen are 2e-5; with other pictures or masks it would be 1e-2."""
    for one, other in zip(_weights(run), _weights(alone), strict=True):
        np.testing.assert_allclose(one, other, atol=2e-3)
    histories = [np.genfromtxt(path / "history.csv", delimiter=",", skip_header=1)[:, 1:5] for path in (run, alone)]
    np.testing.assert_allclose(*histories, atol=5e-3)


@pytest.mark.slow
def test_two_devices_train_what_one_does(cli: Cli, small_npz: Path, alone: Path, tmp_path: Path) -> None:
    result = cli(*_arguments(small_npz, tmp_path / "run"), "--devices", "all", **TWO)
    assert (result.returncode, result.stderr) == (0, "")
    assert json.loads((tmp_path / "run" / "config.json").read_text())["backend"]["devices"] == 2
    assert (tmp_path / "run" / "model.onnx").exists()
    _assert_same(tmp_path / "run", alone)
    # What two devices trained is evaluated on one.
    assert cli("evaluate", tmp_path / "run", "--data", small_npz).returncode == 0


def _joined(address: str, number: int, arguments: list[str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", JOIN, address, str(number), *arguments, "--devices=all"]
    return subprocess.Popen(command, env={**os.environ, "JAX_PLATFORMS": "cpu"}, stderr=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_two_processes_train_what_one_does(small_npz: Path, alone: Path, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    started = [_joined(address, number, _arguments(small_npz, tmp_path / f"run-{number}")) for number in range(2)]
    for process in started:
        _, message = process.communicate(timeout=120)
        assert process.returncode == 0, message
    for number in range(2):
        _assert_same(tmp_path / f"run-{number}", alone)
    first, second = (_weights(tmp_path / f"run-{number}") for number in range(2))
    assert all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))


def test_what_cannot_be_divided_is_one_line(cli: Cli, small_npz: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    arguments = ["train", "dense", f"--data={small_npz}", f"--out={out}"]
    for more, message in (
        (
            ["--devices=2", "--batch-size=33"],
            "batch_size 33 cannot be divided evenly among 2 devices: take a multiple, ",
        ),
        (["--devices=3"], "--devices 3: JAX sees 2 here (cpu:0, cpu:1): ask for fewer, or for all"),
        (["--devices=0"], "--devices: expected a number from 1, or all, got 0"),
        (["--devices=many"], "--devices: expected a number from 1, or all, got many"),
    ):
        result = cli(*arguments, *more, **TWO)
        assert result.returncode == 2, result.stderr
        assert result.stderr.startswith(f"inkdigits: {message}")
        assert result.stderr.count("\n") == 1
        assert not out.exists()


@pytest.mark.parametrize("name", ["tensorflow", "torch"])
def test_only_jax_divides_batches(name: str) -> None:
    with pytest.raises(NetworkError, match=f"only jax divides a training among devices, not {name}"):
        Backend(name, devices=2)


def test_every_picture_goes_to_one_process_and_the_last_uneven_ones_to_none() -> None:
    parts = [Devices(4, processes=2, process=number).part(1003, 128) for number in range(2)]
    assert len(parts[0]) == len(parts[1]) == 500
    assert np.array_equal(np.sort(np.concatenate(parts)), np.arange(1000))
    # Each batch of the one process holds half of the whole batch.
    assert parts[0][64:128].tolist() == list(range(128, 192))
    assert parts[1][64:128].tolist() == list(range(192, 256))


def test_one_device_is_fed_everything_in_order() -> None:
    assert np.array_equal(Devices().part(1003, 128), np.arange(1003))


def test_an_epoch_has_the_steps_of_what_is_fed() -> None:
    assert steps_per_epoch(1025, Recipe(batch_size=128), devices=2) == 8
    assert steps_per_epoch(1025, Recipe(batch_size=128)) == 9


def test_the_refusal_names_batch_sizes_that_work() -> None:
    with pytest.raises(RecipeError, match=r"'batch_size': 126\} or 129$"):
        Devices(3).check_batches(Recipe(batch_size=128))
    with pytest.raises(RecipeError, match=r"'batch_size': 8\}$"):
        Devices(8).check_batches(Recipe(batch_size=3))

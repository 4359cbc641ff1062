"""Digits that are larger than the memory for them: real processes under a real limit, and what each engine does."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import inkdigits
from inkdigits.datasets import large_arrays
from inkdigits.datasets.labelled import Splits
from inkdigits.datasets.mnist import load_train
from inkdigits.training import epoch_data
from inkdigits.training.engines import engine
from inkdigits.training.recipes import named_recipe

Limited = Callable[..., subprocess.CompletedProcess[str]]
N = 900_000  # 706 MB of pictures
LIMIT = 650 << 20  # bytes of private memory, threads' stacks included
# Batches of 1,024, an epoch of half of the digits.
FAST = (
    "--recipe",
    "brisk",
    "--set",
    "engine=numpy",
    "--set",
    "batch_size=1024",
    "--set",
    "epochs=1",
    "--set",
    "validation_fraction=0.5",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MNIST's training digits 15 times, as .npy files sorted by class."""
    folder, digits = tmp_path_factory.mktemp("large"), load_train()
    rows = np.argsort(np.tile(digits.labels, N // len(digits)), kind="stable") % len(digits)
    images = np.lib.format.open_memmap(folder / "x.npy", "w+", np.uint8, (N, 28, 28))
    for start in range(0, N, 10_000):
        images[start : start + 10_000] = digits.images[rows[start : start + 10_000]]
    images.flush()
    np.save(folder / "y.npy", digits.labels[rows].astype(np.uint8))
    return folder


@pytest.fixture
def limited(tmp_path: Path) -> Limited:
    """Runs Python with arguments under the limit."""

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = ["sh", "-c", f'ulimit -d {LIMIT >> 10} && exec "$@"', "sh", sys.executable, *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)

    return run


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not count a mapped file apart")
def test_training_and_evaluating_more_than_memory(limited: Limited, folder: Path, tmp_path: Path) -> None:
    in_memory = limited("-c", f"import numpy; numpy.load({str(folder / 'x.npy')!r}).copy()")
    assert "MemoryError" in in_memory.stderr
    trained = limited("-m", "inkdigits", "train", "dense", *FAST, "--data", folder, "--out", tmp_path / "run")
    assert trained.returncode == 0, trained.stderr
    evaluated = limited("-m", "inkdigits", "evaluate", tmp_path / "run", "--data", folder)
    assert evaluated.returncode == 0, evaluated.stderr
    result = inkdigits.open_run(tmp_path / "run").evaluation
    assert result is not None
    assert result.n == N
    assert result.accuracy > 0.95


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell the limit")
def test_an_npz_that_does_not_fit_says_what_to_do(limited: Limited, folder: Path, tmp_path: Path) -> None:
    large = np.zeros((1_000_000, 28, 28), np.uint8)
    np.savez_compressed(tmp_path / "digits.npz", x=large, y=np.zeros(len(large), np.uint8))
    done = limited("-m", "inkdigits", "data", "info", tmp_path / "digits.npz")
    assert done.returncode == 2
    assert "its arrays take 0.8 GB of memory, of which 0.6 GB are free: unzip it into a folder" in done.stderr


@pytest.fixture
def in_parts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Digits of over 300 KB count as large, and are read 256 at a time."""
    monkeypatch.setattr(large_arrays, "LARGE", 300_000)
    monkeypatch.setattr(epoch_data, "MIXED", 256)
    monkeypatch.setenv("TMPDIR", str(tmp_path))


@pytest.mark.usefixtures("in_parts")
@pytest.mark.parametrize("name", ["numpy", "keras"])
def test_engines_learn_from_digits_in_a_file(name: str, small: Splits, tmp_path: Path) -> None:
    recipe = replace(named_recipe("brisk", "dense"), engine=name, epochs=4, batch_size=50)
    assert small.train is not None
    run = inkdigits.train("dense", recipe=recipe, data=small.train, out=tmp_path / "run")
    assert [record.epoch for record in run.history] == [1, 2, 3, 4]
    assert run.history[-1].val_accuracy > 0.7


@pytest.mark.usefixtures("in_parts")
@pytest.mark.parametrize("name", ["numpy", "keras"])
def test_an_interrupted_training_goes_on_as_if_it_had_not_been(name: str, small: Splits, tmp_path: Path) -> None:
    recipe = replace(named_recipe("brisk", "dense"), engine=name, epochs=3, batch_size=50)
    assert small.train is not None

    def stop(record: inkdigits.EpochRecord) -> bool:
        raise KeyboardInterrupt

    whole = inkdigits.train("dense", recipe=recipe, data=small.train, out=tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        inkdigits.train(
            "dense",
            recipe=recipe,
            data=small.train,
            out=tmp_path / "stopped",
            options=inkdigits.TrainOptions(on_epoch=stop),
        )
    resumed = inkdigits.resume(tmp_path / "stopped")
    assert [one.val_loss for one in resumed.history] == [one.val_loss for one in whole.history]


def test_an_engine_that_holds_all_digits_refuses_what_it_cannot(
    small_npz: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "free_memory", lambda: 700_000)
    with pytest.raises(inkdigits.errors.RecipeError, match=r"engine jax holds all 900 digits at once, .*: add .*keras"):
        inkdigits.train(
            "dense",
            recipe=replace(named_recipe("standard", "dense"), engine="jax"),
            data=small_npz,
            backend=inkdigits.Backend("jax"),
            out=tmp_path / "run",
        )

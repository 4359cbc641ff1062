"""Which backend Keras runs on where nobody says so."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from PIL import Image

from inkdigits.datasets.labelled import Splits
from inkdigits.errors import RecipeError
from inkdigits.training.backend import AUTO, NUMPY_BACKEND, Backend, with_gradients
from inkdigits.training.engines.keras.keras_engine import KERAS
from inkdigits.training.engines.numpy.numpy_engine import NUMPY
from inkdigits.training.run import Run
from inkdigits.training.train import train
from tests.conftest import Cli


@pytest.fixture
def _undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a process in which Keras was neither imported nor its backend chosen."""
    monkeypatch.delitem(sys.modules, "keras")
    monkeypatch.delenv("KERAS_BACKEND", raising=False)


@pytest.mark.usefixtures("_undecided")
def test_the_numpy_engine_asks_for_keras_without_a_compiler() -> None:
    assert NUMPY.resolve_backend(Backend(AUTO)).name == NUMPY_BACKEND
    assert KERAS.resolve_backend(Backend(AUTO)).name == "jax"
    assert NUMPY.resolve_backend(Backend(AUTO, devices=2)).name == "jax"
    assert NUMPY.resolve_backend(Backend("torch")).name == "torch"


@pytest.mark.usefixtures("_undecided")
def test_what_was_chosen_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    assert NUMPY.resolve_backend(Backend(AUTO)).name == "torch"


def test_keras_that_runs_already_is_kept() -> None:
    import keras

    assert NUMPY.resolve_backend(Backend(AUTO)).name == keras.backend.backend()


@pytest.mark.usefixtures("_undecided")
def test_gradients_are_left_to_a_backend_that_has_them() -> None:
    assert with_gradients(Backend(NUMPY_BACKEND)).name == "jax"
    assert with_gradients(Backend("tensorflow")).name == "tensorflow"


def test_a_backend_without_gradients_trains_nothing_by_itself(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="computes no gradients: choose --backend jax, or --recipe sprint"):
        train("dense", backend=Backend(NUMPY_BACKEND), out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_run_of_the_numpy_engine_is_judged_explained_and_exported_like_any(
    small: Splits, small_npz: Path, tmp_path: Path, cli: Cli
) -> None:
    run, digit = tmp_path / "run", tmp_path / "digit.png"
    assert small.test is not None
    Image.fromarray(small.test.images[0]).save(digit)
    for arguments in (
        ("train", "dense", "--recipe", "sprint", "--data", small_npz, "--out", run, "--quiet"),
        ("evaluate", run, "--data", small_npz),
        ("explain", run, digit, "--out", tmp_path / "why.png"),
        ("export", run, "--format", "keras", "--out", tmp_path / "again.keras"),
    ):
        done = cli(*arguments, KERAS_BACKEND="")
        assert done.returncode == 0, done.stderr
    assert Run(run).config.backend.name == NUMPY_BACKEND
    assert (tmp_path / "why.png").exists()

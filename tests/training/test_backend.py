"""Which backend Keras runs on where nobody says so."""

from __future__ import annotations

import sys
from pathlib import Path
from unittest import mock

import pytest
from PIL import Image

from inkdigits.datasets.labelled import Splits
from inkdigits.errors import NetworkError
from inkdigits.training import backend as backend_module
from inkdigits.training.backend import NUMPY_BACKEND, WITHOUT_KERAS, Backend, start_keras, with_gradients
from inkdigits.training.run import Run
from tests.conftest import Cli


@pytest.fixture
def _undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a process in which Keras was neither imported nor its backend chosen."""
    monkeypatch.delitem(sys.modules, "keras")
    monkeypatch.delenv("KERAS_BACKEND", raising=False)


@pytest.mark.usefixtures("_undecided")
def test_gradients_are_left_to_a_backend_that_has_them() -> None:
    assert with_gradients(Backend(NUMPY_BACKEND)).name == "jax"
    assert with_gradients(Backend(WITHOUT_KERAS)).name == "jax"
    assert with_gradients(Backend("tensorflow")).name == "tensorflow"


def test_a_run_of_the_numpy_engine_is_evaluated_explained_and_exported_like_any(
    small: Splits, small_npz: Path, tmp_path: Path, cli: Cli, main_here: Cli
) -> None:
    run, digit = tmp_path / "run", tmp_path / "digit.png"
    assert small.test is not None
    Image.fromarray(small.test.images[0]).save(digit)
    for arguments in (
        ("train", "dense", "--recipe", "sprint", "--data", small_npz, "--out", run, "--quiet"),
        ("evaluate", run, "--data", small_npz),
    ):
        assert main_here(*arguments).returncode == 0
    # Processes in which nothing has chosen a backend.
    for arguments in (
        ("explain", run, digit, "--out", tmp_path / "why.png"),
        ("export", run, "--format", "keras", "--out", tmp_path / "again.keras"),
    ):
        done = cli(*arguments, KERAS_BACKEND="")
        assert done.returncode == 0, done.stderr
    assert Run(run).config.backend.name == WITHOUT_KERAS
    assert (tmp_path / "why.png").exists()


def test_keras_on_another_backend_is_refused() -> None:
    with (
        mock.patch.object(backend_module, "require_extra"),
        pytest.raises(NetworkError, match="Keras runs on jax in this process already and cannot change to torch"),
    ):
        start_keras(Backend("torch"))

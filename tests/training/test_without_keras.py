"""Recipe sprint trains without Keras: no backend and nothing of a report is imported, and resuming works as ever."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from inkdigits.datasets.labelled import Splits
from inkdigits.evaluation.evaluate import load_predictions
from inkdigits.modelfile.keras_classifier import KerasClassifier, load_keras_model
from inkdigits.modelfile.parity import TOLERANCE
from inkdigits.training.backend import WITHOUT_KERAS
from inkdigits.training.run import Run
from inkdigits.training.train import TrainOptions, resume, train

HEAVY = ["keras", "jax", "tensorflow", "torch", "matplotlib"]


def imported(*arguments: object) -> tuple[int, list[str]]:
    """The exit status of `inkdigits ARG...`, and what of `HEAVY` its process has imported when it ends."""
    code = (
        "import atexit, sys\n"
        f"atexit.register(lambda: print('at exit', *sorted(set({HEAVY}) & set(sys.modules)), file=sys.stderr))\n"
        "from inkdigits.cli import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=240,
        env={**os.environ, "KERAS_BACKEND": "jax"},
        check=False,
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("at exit")]
    assert len(lines) == 1, done.stderr
    return done.returncode, lines[0].split()[2:]


def test_training_and_evaluating_import_no_keras(small: Splits, small_npz: Path, tmp_path: Path) -> None:
    """For dense, the reproduction below and the contract on every backend (tests/backends) hold the same."""
    path = tmp_path / "run"
    assert imported("train", "cnn", "--recipe", "sprint", "--data", small_npz, "--out", path) == (0, [])
    # Only the report's figures need one of them.
    assert imported("evaluate", path, "--data", small_npz) == (0, ["matplotlib"])
    run = Run(path)
    assert run.config.backend.name == WITHOUT_KERAS
    assert set(run.config.versions) == {"python", "inkdigits", "numpy"}
    assert small.test is not None
    kept = load_predictions(run, small.test.sha256).probabilities
    found = KerasClassifier(load_keras_model(run.model_path)).predict_proba(small.test.images)
    np.testing.assert_allclose(found, kept, rtol=0, atol=TOLERANCE)


def test_reproducing_imports_no_keras_and_draws_its_report(small_npz: Path, tmp_path: Path) -> None:
    code, heavy = imported("reproduce", "--data", small_npz, "--out", tmp_path / "both", "--quiet")
    assert (code, heavy) == (1, ["matplotlib"])  # 1,000 digits do not reach the targets
    assert "<svg" in (tmp_path / "both" / "report.html").read_text()
    summary = json.loads((tmp_path / "both" / "reproduce.json").read_text())
    assert summary["backend"] == f"numpy {np.__version__}"


def test_the_backend_changes_no_weight(small_npz: Path, tmp_path: Path) -> None:
    """Built by Keras and started without it, a training gives the same network."""
    from inkdigits.training.backend import Backend, choose_backend

    runs = [
        train("cnn", recipe="sprint", seed=5, data=str(small_npz), backend=backend, out=tmp_path / name)
        for name, backend in (("plain", None), ("keras", Backend(choose_backend())))
    ]
    assert [run.config.backend.name for run in runs] == [WITHOUT_KERAS, choose_backend()]
    plain, by_keras = (load_keras_model(run.model_path).get_weights() for run in runs)
    assert all(np.array_equal(a, b) for a, b in zip(plain, by_keras, strict=True))


def test_added_digits_and_starting_weights(small_npz: Path, tmp_path: Path) -> None:
    first = train(
        "dense",
        recipe="sprint",
        data=str(small_npz),
        out=tmp_path / "first",
        options=TrainOptions(add_data=str(small_npz)),
    )
    assert first.config.backend.name == WITHOUT_KERAS
    assert first.adaptation is not None
    assert first.adaptation.data.after > first.adaptation.data.before
    second = train(
        "dense",
        recipe="sprint",
        data=str(small_npz),
        out=tmp_path / "second",
        options=TrainOptions(start_from=str(first.path), on_epoch=lambda record: False),
    )
    assert second.config.backend.name != WITHOUT_KERAS  # weights are read by Keras


def test_what_was_interrupted_is_kept_and_resumed(small_npz: Path, tmp_path: Path) -> None:
    def stop(record: object) -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train("dense", recipe="sprint", data=str(small_npz), out=tmp_path / "run", options=TrainOptions(on_epoch=stop))
    assert Run(tmp_path / "run").status.state == "interrupted"
    assert load_keras_model(Run(tmp_path / "run").model_path).count_params() == 669_706
    assert resume(tmp_path / "run").status.state == "finished"

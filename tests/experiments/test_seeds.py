"""Many seeds: real processes, a real kill, and other executors."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import asdict
from pathlib import Path
from typing import Any
from unittest import mock

import keras
import numpy as np
import pytest

from inkdigits.errors import OutputError, RunError
from inkdigits.evaluation.evaluate import evaluate, load_predictions
from inkdigits.experiments.seeds import SeedsSummary, train_seeds
from inkdigits.training.backend import Backend, choose_backend
from inkdigits.training.engines.keras import keras_session
from inkdigits.training.recipes import Recipe, named_recipe, with_hyperparameters
from inkdigits.training.run import Run
from inkdigits.training.train import train
from tests.conftest import Cli


class Here:
    """An executor that is no pool: it does the work at once."""

    def __init__(self) -> None:
        self.done = 0

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(function(*arguments))
        self.done += 1
        return future


def _recipe(**hyperparameters: Any) -> Recipe:
    return with_hyperparameters(named_recipe("standard", "dense"), {"epochs": 1, **hyperparameters})


def _train(out: Path, small_npz: Path, n: int, **more: Any) -> SeedsSummary:
    return train_seeds("dense", n=n, recipe=_recipe(**more), data=str(small_npz), out=out, executor=Here())


def test_seeds_are_what_single_trainings_are(small_npz: Path, tmp_path: Path) -> None:
    summary = _train(tmp_path / "seeds", small_npz, 3)
    assert [row.seed for row in summary.runs] == [0, 1, 2]
    accuracies = [row.accuracy for row in summary.runs]
    assert summary.accuracy is not None
    assert summary.accuracy.mean == pytest.approx(np.mean(accuracies))
    assert summary.accuracy.spread == pytest.approx(np.std(accuracies, ddof=1))
    assert json.loads((tmp_path / "seeds" / "seeds.json").read_text()) == json.loads(json.dumps(asdict(summary)))
    assert (tmp_path / "seeds" / "seeds.html").read_text().count("<svg") == 2
    assert summary.warnings == ()
    alone = train("dense", hyperparameters={"epochs": 1}, seed=1, data=str(small_npz), out=tmp_path / "alone")
    sha256 = evaluate(alone, data=str(small_npz)).data_sha256
    one, other = (load_predictions(run, sha256) for run in (alone, Run(tmp_path / "seeds" / "seed-001")))
    assert np.array_equal(one.probabilities, other.probabilities)


def test_finished_seeds_are_not_trained_again_and_more_can_be_added(small_npz: Path, tmp_path: Path) -> None:
    _train(tmp_path / "seeds", small_npz, 1)
    run = Run(tmp_path / "seeds" / "seed-000")
    before = (run.path / "model.keras").stat().st_mtime_ns
    summary = _train(tmp_path / "seeds", small_npz, 2)
    assert (run.path / "model.keras").stat().st_mtime_ns == before
    assert len(run.test_openings) == 1
    assert summary.seeds == 2


def test_another_recipe_does_not_mix_in(small_npz: Path, tmp_path: Path) -> None:
    _train(tmp_path / "seeds", small_npz, 1)
    with pytest.raises(RunError, match=r"other hyperparameters \(.*\): choose another out"):
        _train(tmp_path / "seeds", small_npz, 1, learning_rate=0.01)
    other = Backend("torch" if choose_backend() != "torch" else "jax")
    with pytest.raises(RunError, match=rf"seed-000: .* \(backend: \w+ there, {other.name} asked for\): choose"):
        train_seeds("dense", n=1, recipe=_recipe(), data=str(small_npz), backend=other, out=tmp_path / "seeds")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("mine")
    with pytest.raises(OutputError, match="not runs of seeds"):
        _train(tmp_path / "mine", small_npz, 1)


def test_a_seed_that_diverges_counts_and_the_others_are_trained(small_npz: Path, tmp_path: Path) -> None:
    optimizers = iter([keras.optimizers.SGD(1e18), keras.optimizers.Adam(1e-3)])
    with mock.patch.object(keras_session, "make_optimizer", side_effect=lambda *_: next(optimizers)):
        summary = _train(tmp_path / "seeds", small_npz, 2)
        assert summary.diverged == 1
        assert [row.state for row in summary.runs] == ["diverged", "finished"]
        assert summary.accuracy is not None
        assert summary.accuracy.mean == summary.runs[1].accuracy
        assert _train(tmp_path / "seeds", small_npz, 2) == summary  # neither is trained again


def test_a_killed_command_is_resumed(cli: Cli, small_npz: Path, tmp_path: Path) -> None:
    out = tmp_path / "seeds"
    arguments = ["seeds", "dense", "-n", "2", "--jobs", "2", "--data", str(small_npz), "--out", str(out)]
    arguments += ["--set", "epochs=12", "--set", "patience=0"]
    process = subprocess.Popen([sys.executable, "-m", "inkdigits", *arguments], start_new_session=True)
    while not list(out.glob("seed-*/checkpoints/epoch-*")):
        time.sleep(0.05)
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    _wait_until_nobody_trains(process.pid)
    states = [json.loads(path.read_text())["state"] for path in out.glob("seed-*/status.json")]
    assert "running" in states
    result = cli(*arguments, "--json")
    assert result.returncode == 0, result.stderr
    summary = json.loads(result.stdout)
    assert [row["state"] for row in summary["runs"]] == ["finished", "finished"]
    assert [row["epochs"] for row in summary["runs"]] == [12, 12]
    # Each process trained on its half of the cores.
    cores = {Run(out / row["run"]).config.cores for row in summary["runs"]}
    assert cores == {max(1, len(os.sched_getaffinity(0)) // 2)}


def test_sigterm_is_one_line_and_leaves_nobody_training(small_npz: Path, tmp_path: Path) -> None:
    out = tmp_path / "seeds"
    arguments = ["seeds", "dense", "-n", "3", "--jobs", "2", "--data", str(small_npz), "--out", str(out)]
    arguments += ["--set", "epochs=500", "--set", "patience=0", "--quiet"]
    process = subprocess.Popen(
        [sys.executable, "-m", "inkdigits", *arguments], start_new_session=True, stderr=subprocess.PIPE, text=True
    )
    while not list(out.glob("seed-*/checkpoints/epoch-*")):
        time.sleep(0.05)
        assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    _, message = process.communicate(timeout=60)
    assert process.returncode == 130
    assert message == "inkdigits: stopped; the finished seeds are kept: rerun the command to resume\n"
    _wait_until_nobody_trains(process.pid)


def _wait_until_nobody_trains(session: int) -> None:
    """Workers end by themselves when their parent is killed; they are the processes of its session."""
    for _ in range(200):
        if not any(_session(path) == session for path in Path("/proc").glob("[0-9]*")):
            return
        time.sleep(0.05)
    pytest.fail("workers outlived their parent")


def _session(process: Path) -> int | None:
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[3])
    except (OSError, IndexError):
        return None

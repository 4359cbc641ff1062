"""Trainings that are really killed, at random moments, end with the weights of one that never was."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from inkdigits.training.checkpoint import Checkpoint, latest_checkpoint
from inkdigits.training.run import Run

EPOCHS = 12
# The first on every backend, and so not in `make test`, which has the three after it; the rest in CI.
MARKS = {0: [pytest.mark.backends], **{number: [pytest.mark.slow] for number in range(4, 20)}}
KILLS = [pytest.param(number, marks=MARKS.get(number, [])) for number in range(20)]
# TensorFlow promises the same bits on a CPU only when it is asked for them (docs/log.md).
DETERMINISTIC = ["--deterministic"] if os.environ.get("KERAS_BACKEND") == "tensorflow" else []


def _start(*arguments: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "inkdigits", "train", *map(str, arguments), "--quiet"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ))


def _wait_for(path: Path, process: subprocess.Popen[bytes]) -> float:
    """Returns when `path` is there or the process has ended: the seconds still to wait, none."""
    while not path.exists() and process.poll() is None:
        time.sleep(0.01)
    return 0.0


def _final(path: Path) -> Checkpoint:
    checkpoint = latest_checkpoint(Run(path).checkpoints)
    assert checkpoint is not None
    return checkpoint


@pytest.fixture(scope="module")
def uninterrupted(small_npz: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Checkpoint, float, list[object]]:
    """The final state of a whole training, and the seconds from its config to its end.

    The network has dropout, so the state of its random numbers must survive too.
    """
    path = tmp_path_factory.mktemp("whole") / "run"
    arguments = ["convnet", "--data", small_npz, "--seed", 3, "--epochs", EPOCHS, "--set", "patience=0", *DETERMINISTIC]
    process = _start(*arguments, "--out", path)
    _wait_for(path / "config.json", process)
    began = time.monotonic()
    assert process.wait() == 0
    return _final(path), time.monotonic() - began, arguments


@pytest.mark.parametrize("number", KILLS)
def test_killed_and_resumed(number: int, uninterrupted: tuple[Checkpoint, float, list[object]], tmp_path: Path) -> None:
    expected, duration, arguments = uninterrupted
    path = tmp_path / "run"
    process = _start(*arguments, "--out", path)
    _wait_for(path / "config.json", process)
    # The first is killed where a training surely has both epochs behind it and epochs before it.
    delay = random.uniform(0, duration) if number else _wait_for(path / "checkpoints" / "epoch-00004", process)
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    process.wait()
    checkpoints = sorted(kept.name for kept in path.glob("checkpoints/epoch-*"))
    # The last moments, after everything is written, need no resuming.
    if Run(path).status.state == "running":
        assert _start("--resume", path).wait() == 0
    found = _final(path)
    told = f"killed {delay:.2f} s after its config (checkpoints there: {checkpoints})"
    assert [(r.loss, r.val_loss) for r in found.progress.history] == [
        (r.loss, r.val_loss) for r in expected.progress.history
    ], told
    for group in ("model", "optimizer", "best"):
        pairs = list(zip(getattr(found, group), getattr(expected, group), strict=True))
        assert pairs
        assert all(np.array_equal(a, b) for a, b in pairs), told
    assert Run(path).status.state == "finished"

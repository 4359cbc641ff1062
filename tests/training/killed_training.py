"""A training that is really killed and resumed, beside one that never was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from inkdigits.training.checkpoint import Checkpoint, latest_checkpoint
from inkdigits.training.run import Run

# TensorFlow promises the same bits on a CPU only when it is asked for them (docs/log.md).
_DETERMINISTIC = ["--deterministic"] if os.environ.get("KERAS_BACKEND") == "tensorflow" else []


@dataclass(frozen=True)
class Uninterrupted:
    """A whole training: its command's arguments, its final state, and the seconds from its config to its end."""

    arguments: tuple[object, ...]
    final: Checkpoint
    seconds: float


def train_uninterrupted(data: Path, out: Path) -> Uninterrupted:
    """Train a network with dropout, so that the state of its random numbers must survive too."""
    arguments = ["convnet", "--data", data, "--seed", 3, "--epochs", 8, "--set", "patience=0", *_DETERMINISTIC]
    process = _start(*arguments, "--out", out)
    _wait_for(out / "config.json", process)
    began = time.monotonic()
    assert process.wait() == 0
    return Uninterrupted(tuple(arguments), _final(out), time.monotonic() - began)


def assert_survives(moment: float | str, whole: Uninterrupted, path: Path) -> None:
    """Train into `path`, kill the process, resume, and compare every bit of the final state with that of `whole`.

    `moment` is a number of seconds after the config is written, or the name of a checkpoint to wait for.
    """
    process = _start(*whole.arguments, "--out", path)
    _wait_for(path / "config.json", process)
    if isinstance(moment, str):
        _wait_for(path / "checkpoints" / moment, process)
    else:
        time.sleep(moment)
    process.send_signal(signal.SIGKILL)
    process.wait()
    checkpoints = sorted(kept.name for kept in path.glob("checkpoints/epoch-*"))
    # The last moments, after everything is written, need no resuming.
    if Run(path).status.state == "running":
        assert _start("--resume", path).wait() == 0
    found, expected = _final(path), whole.final
    told = f"killed at {moment} (checkpoints there: {checkpoints})"
    assert [(r.loss, r.val_loss) for r in found.progress.history] == [
        (r.loss, r.val_loss) for r in expected.progress.history
    ], told
    for group in ("model", "optimizer", "best"):
        pairs = list(zip(getattr(found, group), getattr(expected, group), strict=True))
        assert pairs
        assert all(np.array_equal(a, b) for a, b in pairs), told
    assert Run(path).status.state == "finished"


def _start(*arguments: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "inkdigits", "train", *map(str, arguments), "--quiet"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _wait_for(path: Path, process: subprocess.Popen[bytes]) -> None:
    """Return when `path` is there or the process has ended."""
    while not path.exists() and process.poll() is None:
        time.sleep(0.01)


def _final(path: Path) -> Checkpoint:
    checkpoint = latest_checkpoint(Run(path).checkpoints)
    assert checkpoint is not None
    return checkpoint

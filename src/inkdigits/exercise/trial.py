"""One submission, run from top to bottom in a fresh kernel."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np

from inkdigits.errors import ExerciseError
from inkdigits.exercise.kernel import Kernel, KernelFolders, run_kernel
from inkdigits.exercise.master import PARTS, load_master
from inkdigits.exercise.measuring import Measurement
from inkdigits.exercise.observations import Observations
from inkdigits.exercise.other_user import OtherUser
from inkdigits.exercise.policy import Policy
from inkdigits.exercise.rebuilt_networks import rebuild_networks
from inkdigits.exercise.submission import Submission, part_of
from inkdigits.exercise.submission_limits import SubmissionLimits
from inkdigits.exercise.verdict import CellResult, Finding

__all__ = ["Trial", "TrialFolders", "TrialSetting", "open_trial", "task_cells"]


@dataclass(frozen=True)
class TrialSetting:
    """What all submissions of a class are run with.

    `keras_home` holds `datasets/mnist.npz`, the data of this check; `subset` says on how many training pictures, None
    on all. `hidden` holds what no submission may see.
    """

    keras_home: Path
    limits: SubmissionLimits
    subset: int | None
    stop: Event
    policy: Policy = field(default_factory=Policy)
    hidden: tuple[Path, ...] = ()


@dataclass
class Trial:
    """What came of the run."""

    submission: Submission
    parts: dict[str, str]  # of each cell
    data: dict[str, Any]
    observations: dict[str, list[Observations]] = field(default_factory=lambda: {part: [] for part in PARTS})
    measured: dict[str, Measurement] = field(default_factory=dict)
    bars: dict[str, float] = field(default_factory=dict)  # of each part, and of a check that compares parts
    digits: dict[str, Any] = field(default_factory=dict)  # of each part: the notebook's own dense_digits, cnn_digits
    stated: dict[str, float] = field(default_factory=dict)  # of each part: its own dense_accuracy, cnn_accuracy
    owners: dict[str, dict[int, str]] = field(default_factory=dict)  # of each name: the objects, with their parts
    cells: list[CellResult] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    printed: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: {part: [] for part in PARTS})
    death: str | None = None  # why the kernel ended early


def task_cells() -> set[str]:
    """The cells that a student is asked to write."""
    return {cell.id for cell in load_master() if cell.written_by_student}


@dataclass(frozen=True)
class TrialFolders:
    """The folders of one submission. What is in `exchange` its kernel can write; `own` is the checker's alone."""

    kernel: KernelFolders
    exchange: Path
    own: Path


@contextmanager
def open_trial(submission: Submission, setting: TrialSetting) -> Iterator[tuple[Trial, Kernel, TrialFolders]]:
    """A trial with its kernel, in which the instrumentation has been started.

    At the end of the block the kernel is ended, and the networks that were measured are rebuilt and measured again.
    Raises `ExerciseError` if the instrumentation does not start.
    """
    with np.load(setting.keras_home / "datasets" / "mnist.npz", allow_pickle=False) as loaded:
        data = {name: loaded[name] for name in loaded}
    trial = Trial(submission, part_of(submission.steps), data)
    with tempfile.TemporaryDirectory(prefix="ink-", ignore_cleanup_errors=True) as name:
        folders = _make_folders(Path(name), setting.keras_home)
        user = OtherUser(setting.hidden)
        user.take(folders.exchange)
        with run_kernel(folders.kernel, user, setting.limits, setting.stop) as kernel:
            _start_instrumentation(kernel, folders.kernel.keras_home, setting.subset is not None)
            yield trial, kernel, folders
            trial.death = kernel.death
        trial.measured = rebuild_networks(trial.measured, folders.own, data["y_test"], setting.limits)


def _make_folders(folder: Path, keras_home: Path) -> TrialFolders:
    control, work, home, exchange, own = (folder / name for name in ("c", "w", "k", "x", "o"))
    for made in (control, work, exchange, own):
        made.mkdir()
    # A copy: what one submission writes there must not reach the others.
    shutil.copytree(keras_home, home)
    # Another user must pass through to what is that user's own.
    folder.chmod(0o711)
    own.chmod(0o700)
    return TrialFolders(KernelFolders(control, work, home), exchange, own)


def _start_instrumentation(kernel: Kernel, keras_home: Path, subset: bool) -> None:
    file = str(keras_home / "datasets" / "mnist.npz")
    code = f"__import__('inkdigits.exercise.measurement').exercise.instrumentation.start({file!r}, {subset})"
    done = kernel.execute(code, silent=True)
    if done.error_name:
        raise ExerciseError(f"the checker's instrumentation does not start: {done.error_name}: {done.error_text}")

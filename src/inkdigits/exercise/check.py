"""Submissions, graded in parallel."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event

import numpy as np

from inkdigits.datasets import mnist
from inkdigits.errors import ExerciseError, InkdigitsError, MissingExtraError, require_extra
from inkdigits.exercise.grade import grade_submission, no_points
from inkdigits.exercise.other_user import places_to_hide
from inkdigits.exercise.policy import Policy
from inkdigits.exercise.submission_limits import SubmissionLimits
from inkdigits.exercise.trial import TrialSetting
from inkdigits.exercise.verdict import Finding, Verdict, encodable
from inkdigits.system.cores import usable_cores
from inkdigits.training.backend import choose_backend, installed_backends

__all__ = ["SMALLEST_SUBSET", "check_submissions", "require_what_notebooks_need"]

# With fewer pictures the solution itself may miss the scaled bars.
SMALLEST_SUBSET = 2000


def check_submissions(
    paths: list[Path],
    limits: SubmissionLimits | None = None,
    *,
    jobs: int | None = None,
    subset: int | None = None,
    policy: Policy | None = None,
    names: Mapping[Path, str] | None = None,
    done: Callable[[Verdict], None] = lambda verdict: None,
) -> list[Verdict]:
    """Grade every notebook, `jobs` at a time (default: one for every two cores), in the order of `paths`.

    `subset` trains and tests on that many training pictures (and a quarter as many test pictures), with bars scaled
    down: a trial of the machinery, not of the students. `names` are what the verdicts call the notebooks. `done` is
    called with each verdict as it comes. Nothing that a submission does ends the batch. Raises `ExerciseError` when
    `subset` is out of range, `MissingExtraError` without the notebook's packages.
    """
    require_what_notebooks_need()
    if subset is not None and not SMALLEST_SUBSET <= subset <= 40_000:
        raise ExerciseError(f"--subset {subset}: expected {SMALLEST_SUBSET} to 40000 training pictures")
    stop = Event()
    names = names or _short_names(paths)
    with _data_home(subset) as keras_home, ThreadPoolExecutor(jobs or max(1, usable_cores() // 2)) as pool:
        hidden = places_to_hide(paths)
        setting = TrialSetting(keras_home, limits or SubmissionLimits(), subset, stop, policy or Policy(), hidden)

        def grade(path: Path) -> Verdict:
            verdict = replace(_grade_guarded(path, setting), name=names[path], subset=subset)
            if stop.is_set():
                verdict = replace(verdict, outcome="stopped")
            done(verdict)
            return verdict

        try:
            return list(pool.map(grade, paths))
        finally:
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)


def require_what_notebooks_need() -> None:
    """Raise `MissingExtraError` where a notebook could not run: without Jupyter, Keras, a backend or matplotlib."""
    for module in ("nbformat", "jupyter_client", "ipykernel", "keras", "matplotlib"):
        require_extra(module, "exercise", "checking notebooks")
    if choose_backend() not in installed_backends():
        raise MissingExtraError(
            f"no Keras backend named {choose_backend()!r} is installed: pip install 'inkdigits[exercise]' brings JAX"
        )


def _grade_guarded(path: Path, setting: TrialSetting) -> Verdict:
    try:
        verdict: Verdict = encodable(grade_submission(path, setting))
        return verdict
    except (InkdigitsError, OSError) as error:
        # A full disk or too many processes: one submission's error stands in its line, the others continue.
        message = f"could not be graded: {error}"
    except Exception as error:
        # A notebook can trigger a mistake of the checker that nobody foresaw: it costs one line, not a class.
        message = f"the checker failed on it ({type(error).__name__}: {error}): look at this notebook yourself"
    finding = Finding("not_graded", encodable(" ".join(message.split())), fails=True)
    return Verdict(path.name, "failed", parts=no_points(), findings=(finding,))


def _short_names(paths: list[Path]) -> dict[Path, str]:
    """Names that tell the submissions apart: the file's, with its folders where two files have the same name."""
    base = Path(os.path.commonpath([path.resolve().parent for path in paths]))
    return {path: encodable(str(path.resolve().relative_to(base))) for path in paths}


@contextmanager
def _data_home(subset: int | None) -> Iterator[Path]:
    """A folder to be KERAS_HOME, which holds `datasets/mnist.npz` made from the data of this package."""
    with tempfile.TemporaryDirectory(prefix="ink-keras-") as folder:
        home = Path(folder)
        (home / "datasets").mkdir()
        (home / "matplotlib").mkdir()
        (x_train, y_train), (x_test, y_test) = mnist.load_data()
        train, test = slice(subset), slice(subset and subset // 4)
        np.savez(
            home / "datasets" / "mnist.npz",
            x_train=x_train[train],
            y_train=y_train[train],
            x_test=x_test[test],
            y_test=y_test[test],
        )
        yield home

"""One submission, run from top to bottom in a fresh kernel."""

from __future__ import annotations

import ast
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event
from typing import TypeVar

import numpy as np

from inkdigits.errors import ExerciseError
from inkdigits.exercise.kernel import Executed, Kernel, run_kernel
from inkdigits.exercise.master import PARTS, load_master
from inkdigits.exercise.mistakes import PartFacts, code_mistakes
from inkdigits.exercise.observations import Measurement, Observations, decode_report
from inkdigits.exercise.parsing import parsed, problem_of, unparsed
from inkdigits.exercise.submission import Submission, SubmissionStep, bar_of, part_of
from inkdigits.exercise.submission_limits import SubmissionLimits
from inkdigits.exercise.verdict import AssertResult, CellResult, Finding

__all__ = ["Trial", "TrialSetting", "run_trial", "task_cells"]

_Report = TypeVar("_Report", Observations, Measurement)


@dataclass(frozen=True)
class TrialSetting:
    """What all submissions of a class are run with.

    `keras_home` holds `datasets/mnist.npz`, the data of this check; `subset` says on how many training pictures, None
    on all.
    """

    keras_home: Path
    limits: SubmissionLimits
    subset: int | None
    stop: Event


@dataclass
class Trial:
    """What came of the run."""

    submission: Submission
    parts: dict[str, str]  # of each cell
    test_labels: np.ndarray
    facts: dict[str, PartFacts] = field(default_factory=lambda: {part: PartFacts(part) for part in PARTS})
    cells: list[CellResult] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    printed: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: {part: [] for part in PARTS})
    death: str | None = None  # why the kernel ended early


def task_cells() -> set[str]:
    """The cells that a student is asked to write."""
    return {cell.id for cell in load_master() if cell.written_by_student}


def run_trial(submission: Submission, setting: TrialSetting) -> Trial:
    """Run every cell of `submission` and every check. Raises `ExerciseError` if the instrumentation does not start."""
    with np.load(setting.keras_home / "datasets" / "mnist.npz", allow_pickle=False) as data:
        trial = Trial(submission, part_of(submission.steps), data["y_test"])
    with _kernel_of_its_own(setting) as (kernel, data_file):
        _start_instrumentation(kernel, data_file, setting.subset is not None)
        run = _Run(trial, kernel)
        for step in submission.steps:
            run.check(step) if step.check else run.student_cell(step)
        trial.death = kernel.death
    return trial


@contextmanager
def _kernel_of_its_own(setting: TrialSetting) -> Iterator[tuple[Kernel, Path]]:
    """A kernel in a folder that is removed afterwards, and the data file of this submission."""
    with tempfile.TemporaryDirectory(prefix="ink-", ignore_cleanup_errors=True) as folder:
        control, work, home = (Path(folder) / name for name in ("c", "w", "k"))
        control.mkdir()
        work.mkdir()
        # A copy: what one submission writes there must not reach the others.
        shutil.copytree(setting.keras_home, home)
        with run_kernel(control, work, home, setting.limits, setting.stop) as kernel:
            yield kernel, home / "datasets" / "mnist.npz"


def _start_instrumentation(kernel: Kernel, data_file: Path, subset: bool) -> None:
    code = f"__import__('inkdigits.exercise.measurement').exercise.instrumentation.start({str(data_file)!r}, {subset})"
    done = kernel.execute(code, silent=True)
    if done.error_name:
        raise ExerciseError(f"the checker's instrumentation does not start: {done.error_name}: {done.error_text}")


@dataclass(frozen=True)
class _Run:
    """A trial and the kernel that it runs in."""

    trial: Trial
    kernel: Kernel

    def student_cell(self, step: SubmissionStep) -> None:
        trial, part = self.trial, self.trial.parts[step.id]
        if self.kernel.death:
            trial.cells.append(CellResult(step.id, part, 0.0, "not run", self.kernel.death))
            return
        if problem := problem_of(step.source):
            trial.cells.append(CellResult(step.id, part, 0.0, "error", problem))
            trial.findings.append(Finding("unparsable", problem, step.id, part, fails=True))
            return
        done = self.kernel.execute(step.source)
        asserts = _own_asserts(step.source, done)
        trial.cells.append(CellResult(step.id, part, done.seconds, _outcome(done), _message(done), asserts))
        trial.findings += code_mistakes(step.id, part, step.source)
        if done.limit:
            trial.findings.append(Finding("stopped", f"stopped: {done.limit}", step.id, part, fails=True))
        trial.printed[part].append((step.id, done.text))
        self._fetch_observations(step, part)

    def _fetch_observations(self, step: SubmissionStep, part: str) -> None:
        observed = self._report(step, part, "instrumentation.drain", Observations)
        if observed is not None:
            calls = tuple(replace(call, cell=step.id) for call in observed.calls)
            self.trial.facts[part].observations.append(replace(observed, calls=calls, cell=step.id))

    def _report(self, step: SubmissionStep, part: str, function: str, kind: type[_Report]) -> _Report | None:
        """A report of the instrumentation; None from a dead kernel, and with a finding when it is none."""
        expression = f"__import__('inkdigits.exercise.measurement').exercise.{function}()"
        done = self.kernel.execute("", {"answer": expression}, silent=True)
        report = decode_report(kind, done.values.get("answer", ""))
        if report is None and not done.limit:
            message = "the checker's instrumentation was removed or changed: what was observed after this is unreliable"
            self.trial.findings.append(Finding("instrumentation_changed", message, step.id, part, fails=True))
        return report

    def check(self, step: SubmissionStep) -> None:
        """Run a check statement by statement: an assert that fails does not hide those after it."""
        assert step.check is not None
        part = step.check.part or PARTS[0]
        if step.check.target:
            self._measure(step, part)
        task = next((cell for cell in reversed(self.trial.cells) if cell.id in task_cells()), None)
        if task and task.outcome != "ok":
            self.trial.cells.append(_not_reached(step, part, f"the cell before it, {task.id}, did not run to its end"))
            return
        result = self._run_asserts(step, part)
        self.trial.cells.append(_held_to_measured(result, self.trial.facts[part]) if step.check.target else result)

    def _run_asserts(self, step: SubmissionStep, part: str) -> CellResult:
        seconds, broken = 0.0, ""
        asserts: list[AssertResult] = []
        for node in ast.parse(step.source).body:
            done = self.kernel.execute(ast.get_source_segment(step.source, node) or "")
            seconds += done.seconds
            if isinstance(node, ast.Assert):
                asserts.append(_checked(node, done))
            elif not done.ok:
                broken = _message(done)
        return _check_result(CellResult(step.id, part, seconds, "ok", broken, tuple(asserts), is_check=True))

    def _measure(self, step: SubmissionStep, part: str) -> None:
        facts = self.trial.facts[part]
        facts.bar = bar_of(step)
        measured = self._report(step, part, "measurement.measure", Measurement)
        if measured is not None:
            facts.measured, facts.accuracy = _with_accuracy(measured, self.trial.test_labels)
        self._fetch_observations(step, part)


def _with_accuracy(measured: Measurement, labels: np.ndarray) -> tuple[Measurement, float | None]:
    """The measurement and the accuracy of its best reading."""
    if any(len(digits) != len(labels) for digits in measured.digits):
        return replace(measured, digits=(), error=f"`model` did not answer {len(labels)} test pictures"), None
    accuracies = [float(np.mean(np.array(digits) == labels)) for digits in measured.digits]
    return measured, max(accuracies, default=None)


def _outcome(done: Executed) -> str:
    if done.limit:
        return "stopped"
    if done.error_name == "NotImplementedError":
        return "blank"
    return "error" if done.error_name else "ok"


def _message(done: Executed) -> str:
    if done.limit:
        return done.limit
    return f"{done.error_name}: {done.error_text}" if done.error_name else ""


def _own_asserts(source: str, done: Executed) -> tuple[AssertResult, ...]:
    """The asserts at the top level of a student's own cell."""
    tree = parsed(source)
    nodes = [node for node in tree.body if isinstance(node, ast.Assert)] if tree else []
    line = 10**9 if done.ok else (done.error_line or 0)
    return tuple(_own_assert(node, line, done) for node in nodes)


def _own_assert(node: ast.Assert, line: int, done: Executed) -> AssertResult:
    test = unparsed(node.test)
    if (node.end_lineno or node.lineno) < line:
        return AssertResult(test, "passed")
    failed = node.lineno <= line and done.error_name == "AssertionError"
    return AssertResult(test, "failed", done.error_text) if failed else AssertResult(test, "not reached")


def _not_reached(step: SubmissionStep, part: str, reason: str) -> CellResult:
    """A check after a cell that is blank or broken: what is left from before must not earn its points."""
    tests = [ast.unparse(node.test) for node in ast.parse(step.source).body if isinstance(node, ast.Assert)]
    asserts = tuple(AssertResult(test, "not reached", reason) for test in tests)
    return CellResult(step.id, part, 0.0, "not run", reason, asserts, is_check=True)


def _checked(node: ast.Assert, done: Executed) -> AssertResult:
    test = ast.unparse(node.test)
    if done.ok:
        return AssertResult(test, "passed")
    if done.error_name == "AssertionError":
        return AssertResult(test, "failed", done.error_text)
    return AssertResult(test, "not reached", _message(done))


def _held_to_measured(result: CellResult, facts: PartFacts) -> CellResult:
    """The assert on the accuracy (the last of a target) passes only if the measured accuracy does."""
    *others, last = result.asserts
    problem = facts.measured.error if facts.measured else "`model` could not be measured"
    if problem is None and facts.missed:
        problem = (
            f"the checker measured {100 * (facts.accuracy or 0):.2f} %, expected above {100 * (facts.bar or 0):g} %"
        )
    if problem is None or last.outcome == "not reached":
        return result
    return _check_result(replace(result, asserts=(*others, replace(last, outcome="failed", message=problem))))


def _check_result(result: CellResult) -> CellResult:
    """`result` with the outcome that follows from its asserts and its message, if it has one."""
    failed = next((found for found in result.asserts if found.outcome != "passed"), None)
    message = result.message or (failed.message if failed else "")
    return replace(result, outcome="error" if failed or message else "ok", message=message)

"""Runs a submission's cells, evaluates its checks and measures its networks."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from inkdigits.exercise.blanks import is_blank
from inkdigits.exercise.check_evaluation import evaluate_check, names_in_check, values_of
from inkdigits.exercise.code_mistakes import code_mistakes, failure_findings, old_call_findings
from inkdigits.exercise.exchange import read_array, read_file
from inkdigits.exercise.kernel import Executed, Kernel
from inkdigits.exercise.master import PARTS
from inkdigits.exercise.measuring import (
    Measurement,
    PreparedPictures,
    candidates_of,
    new_name,
    read_answers,
    reading_of,
)
from inkdigits.exercise.observations import ExportedValues, Observations, Offer, decode_report
from inkdigits.exercise.parsing import parse, parsed, problem_of, unparsed
from inkdigits.exercise.score_functions import score_mistakes
from inkdigits.exercise.submission import Submission, SubmissionStep, bar_of
from inkdigits.exercise.trial import Trial, TrialFolders, TrialSetting, open_trial, task_cells
from inkdigits.exercise.value_mistakes import value_mistakes
from inkdigits.exercise.verdict import AssertResult, CellResult, Finding

__all__ = ["run_trial"]

_Report = TypeVar("_Report", Observations, Offer, ExportedValues)
_SCORES = ("accuracy", "false_positive_rate", "log_loss")


def run_trial(submission: Submission, setting: TrialSetting) -> Trial:
    """Run every cell of `submission`, evaluate every check. Raises `ExerciseError` if that cannot be observed."""
    with open_trial(submission, setting) as (trial, kernel, folders):
        run = _TrialRun(trial, kernel, folders)
        for step in submission.steps:
            run.check(step) if step.check else run.student_cell(step)
    return trial


@dataclass(frozen=True)
class _TrialRun:
    """A trial and the kernel that it runs in."""

    trial: Trial
    kernel: Kernel
    folders: TrialFolders

    def student_cell(self, step: SubmissionStep) -> None:
        trial, part = self.trial, self.trial.parts[step.id]
        if self.kernel.death:
            trial.cells.append(CellResult(step.id, part, 0.0, "not run", self.kernel.death))
            return
        if problem := problem_of(step.source):
            trial.cells.append(CellResult(step.id, part, 0.0, "error", problem))
            trial.findings.append(Finding("unparsable", problem, step.id, part))
            return
        done = self.kernel.execute(step.source)
        outcome = "blank" if done.ok and is_blank(step.source) else _outcome(done)
        asserts = _own_asserts(step.source, done)
        trial.cells.append(CellResult(step.id, part, done.seconds, outcome, _message(done), asserts))
        trial.findings += code_mistakes(step.id, part, step.source)
        # A name that a blank cell would have defined is no mistake of its own.
        left_blank = done.error_name == "NameError" and any(cell.outcome == "blank" for cell in trial.cells)
        if done.error_name and outcome == "error" and not left_blank:
            trial.findings += failure_findings(step.id, part, done.error_name, done.error_text)
            trial.findings += old_call_findings(step.id, part, step.source)
        if done.limit:
            trial.findings.append(Finding("stopped", f"stopped: {done.limit}", step.id, part))
        trial.printed[part].append((step.id, done.text))
        self._fetch_observations(step, part)

    def _fetch_observations(self, step: SubmissionStep, part: str) -> None:
        observed = self._report(step, "instrumentation.drain()", Observations)
        if observed is not None:
            calls = tuple(replace(call, cell=step.id) for call in observed.calls)
            self.trial.observations[part].append(replace(observed, calls=calls, cell=step.id))

    def _report(self, step: SubmissionStep, call: str, kind: type[_Report]) -> _Report | None:
        """A report of the instrumentation; None from a dead kernel, and with a finding when it is none."""
        done = self._evaluate(call)
        report = decode_report(kind, done.values.get("answer", ""))
        if report is None and not done.limit:
            message = "the checker's instrumentation was removed or changed: what was observed after this is unreliable"
            part = self.trial.parts[step.id]
            self.trial.findings.append(Finding("instrumentation_changed", message, step.id, part))
        return report

    def _evaluate(self, call: str) -> Executed:
        return self.kernel.execute(
            "", {"answer": f"__import__('inkdigits.exercise.measurement').exercise.{call}"}, silent=True
        )

    def check(self, step: SubmissionStep) -> None:
        """Evaluate a check by the notebook's values, and measure its network where it has a target."""
        assert step.check is not None
        part = step.check.part or PARTS[0]
        if step.check.needs:
            self.trial.bars[step.id] = bar_of(step)
        if step.check.target:
            self.trial.bars[part] = bar_of(step)
            self._measure(step, part)
        task = next((cell for cell in reversed(self.trial.cells) if cell.id in task_cells()), None)
        if task and task.outcome != "ok":
            self.trial.cells.append(_not_reached(step, part, f"the cell before it, {task.id}, did not run to its end"))
        elif self.kernel.death:
            self.trial.cells.append(_not_reached(step, part, self.kernel.death))
        else:
            self.trial.cells.append(self._evaluated_check(step, part))

    def _evaluated_check(self, step: SubmissionStep, part: str) -> CellResult:
        names = names_in_check(step.source)
        request = f"notebook_values.export({str(self.folders.exchange)!r}, {names!r})"
        exported = self._report(step, request, ExportedValues)
        if exported is None:
            return _not_reached(step, part, self.kernel.death or "the notebook's values could not be read")
        exported = self._without_stale(exported, part)
        values = values_of(exported, lambda offered: read_array(self.folders.exchange, offered), self._call)
        self._keep(part, step, values)
        self.trial.findings += value_mistakes(step.id, part, values, exported.names, self.trial.data)
        types = {name: value.type_name for name, value in exported.values.items()}
        wrong: dict[str, Finding] = {}
        if step.id == "check-scores":
            defined = {name for name in _SCORES if callable(values.get(name))}
            wrong = score_mistakes(self._call, defined, step.id)
            self.trial.findings += wrong.values()
        asserts, broken = evaluate_check(step.source, values, types)
        held = tuple(_held_to_scores(found, wrong) for found in asserts)
        return _check_result(CellResult(step.id, part, 0.0, "ok", broken, held, is_check=True))

    def _without_stale(self, exported: ExportedValues, part: str) -> ExportedValues:
        """Without a `model` or `history` of the part before: a part that was left away earns nothing."""
        kept = dict(exported.values)
        for name in {"model", "history"} & set(kept):
            owners = self.trial.owners.setdefault(name, {})
            if owners.setdefault(kept[name].identity, part) != part:
                del kept[name]
        return replace(exported, values=kept)

    def _keep(self, part: str, step: SubmissionStep, values: dict[str, Any]) -> None:
        if step.check is None or not step.check.target:
            return
        digits, stated = values.get(f"{part}_digits"), values.get(f"{part}_accuracy")
        if isinstance(digits, np.ndarray):
            self.trial.digits[part] = digits
        if isinstance(stated, float):
            self.trial.stated[part] = stated

    def _call(self, name: str, arguments: tuple[Any, ...]) -> Any:
        """What the notebook's function returns for `arguments`. Raises `RuntimeError` with its error's message."""
        file = self.folders.exchange / new_name().replace(".npy", ".npz")
        named: dict[str, Any] = {f"a{place}": np.asarray(argument) for place, argument in enumerate(arguments)}
        np.savez(file, **named)
        file.chmod(0o644)
        done = self._evaluate(f"notebook_values.call_function({str(self.folders.exchange)!r}, {name!r}, {str(file)!r})")
        answer = decode_report(ExportedValues, done.values.get("answer", ""))
        if answer is None or answer.error or "result" not in answer.values:
            raise RuntimeError(answer.error if answer and answer.error else f"{name} gave no answer")
        found = answer.values["result"]
        if found.kind == "array" and found.array:
            return read_array(self.folders.exchange, found.array)
        if found.kind != "number":
            raise TypeError(f"{name} returned {found.type_name}, expected a number")
        return found.number

    def _measure(self, step: SubmissionStep, part: str) -> None:
        before = [found.model_id for found in self.trial.measured.values() if found.model_id]
        request = f"measurement.offer({str(self.folders.exchange)!r}, {len(self.trial.data['y_test'])}, {before!r})"
        offer = self._report(step, request, Offer)
        if offer is None:
            return
        if offer.error:
            self.trial.measured[part] = Measurement(error=offer.error)
            return
        readings = [
            self._read(offer, candidate) for candidate in candidates_of(offer, self.folders.exchange, self.trial.data)
        ]
        best = max(readings, key=lambda found: found.accuracy or -1.0, default=_NOTHING_TO_READ)
        saved = self._take_saved(offer)
        self.trial.measured[part] = replace(
            best, model=offer.model, model_id=offer.model_id, saved=saved, matrices=offer.matrices
        )
        self._fetch_observations(step, part)

    def _read(self, offer: Offer, candidate: PreparedPictures) -> Measurement:
        pictures, answers = (self.folders.exchange / new_name() for _ in range(2))
        np.save(pictures, candidate.pictures, allow_pickle=False)
        pictures.chmod(0o644)
        done = self._evaluate(f"measurement.read({offer.model_id}, {str(pictures)!r}, {str(answers)!r})")
        pictures.unlink(missing_ok=True)
        if done.limit:
            return Measurement(error=done.limit)
        found = read_answers(self.folders.exchange, answers.name)
        return reading_of(candidate, found, self.trial.data["y_test"])

    def _take_saved(self, offer: Offer) -> Path | None:
        """The saved form, moved to where the submission cannot change it any more."""
        content = read_file(self.folders.exchange, offer.saved) if offer.saved else None
        if not content or offer.saved is None:
            return None
        (self.folders.own / offer.saved).write_bytes(content)
        return self.folders.own / offer.saved


_NOTHING_TO_READ = Measurement(error="`model` takes no pictures of 28 by 28")


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
    tests = [ast.unparse(node.test) for node in parse(step.source).body if isinstance(node, ast.Assert)]
    asserts = tuple(AssertResult(test, "not reached", reason) for test in tests)
    return CellResult(step.id, part, 0.0, "not run", reason, asserts, is_check=True)


def _held_to_scores(found: AssertResult, wrong: dict[str, Finding]) -> AssertResult:
    """An assert that only happens to hold for a function that is wrong on other numbers fails."""
    name = next((name for name in wrong if re.search(rf"\b{name}\(", found.test)), None)
    return replace(found, outcome="failed", message=wrong[name].message) if name else found


def _check_result(result: CellResult) -> CellResult:
    """`result` with the outcome that follows from its asserts and its message, if it has one."""
    failed = next((found for found in result.asserts if found.outcome != "passed"), None)
    message = result.message or (failed.message if failed else "")
    return replace(result, outcome="error" if failed or message else "ok", message=message)

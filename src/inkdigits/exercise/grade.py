"""One submission, run from top to bottom in a fresh kernel and judged."""

from __future__ import annotations

import ast
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path
from threading import Event
from typing import Any

from inkdigits.errors import ExerciseError
from inkdigits.exercise.claims import overstated
from inkdigits.exercise.kernel import Executed, Kernel, run_kernel
from inkdigits.exercise.limits import Limits
from inkdigits.exercise.master import PARTS, check_cells, load_master
from inkdigits.exercise.mistakes import PartFacts, code_mistakes, part_mistakes
from inkdigits.exercise.observations import read_measured, read_seen
from inkdigits.exercise.parsing import parsed, problem_of, shown
from inkdigits.exercise.submission import Step, Submission, bar_of, part_of, read_submission
from inkdigits.exercise.verdict import AssertResult, CellResult, Finding, PartResult, Verdict

__all__ = ["judge", "no_points"]


@dataclass
class _Trial:
    """A submission while it runs."""

    submission: Submission
    kernel: Kernel
    parts: dict[str, str]
    facts: dict[str, PartFacts] = field(default_factory=lambda: {part: PartFacts(part) for part in PARTS})
    cells: list[CellResult] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    printed: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: {part: [] for part in PARTS})


def judge(path: Path, keras_home: Path, limits: Limits, *, subset: bool, stop: Event) -> Verdict:
    """Run the notebook at `path` and judge it; whatever it does, a verdict comes back.

    `keras_home` holds `datasets/mnist.npz`, the data of this check; `subset` says that it is a small one. The
    submission gets a copy of it and a folder of its own, both removed afterwards.
    """
    started = time.monotonic()
    try:
        submission = read_submission(path, subset)
    except ExerciseError as error:
        finding = Finding("no_notebook", str(error), fails=True)
        return Verdict(path.name, "unreadable", parts=no_points(), findings=(finding,))
    with tempfile.TemporaryDirectory(prefix="ink-", ignore_cleanup_errors=True) as folder:
        control, work, home = (Path(folder) / name for name in ("c", "w", "k"))
        control.mkdir()
        work.mkdir()
        # A copy: what one submission writes there must not reach its neighbours.
        shutil.copytree(keras_home, home)
        with run_kernel(control, work, home, limits, stop) as kernel:
            trial = _Trial(submission, kernel, part_of(submission.steps))
            _run(trial, home / "datasets" / "mnist.npz", subset)
    return _verdict(trial, time.monotonic() - started)


def no_points() -> tuple[PartResult, ...]:
    """The parts of a submission that could not be run: none of the points that there are."""
    return tuple(PartResult(part, 0.0, _possible(part)) for part in PARTS)


def _possible(part: str) -> int:
    return sum(check.points for check in check_cells().values() if check.part == part)


def _run(trial: _Trial, data: Path, subset: bool) -> None:
    _install_watch(trial.kernel, data, subset)
    for step in trial.submission.steps:
        if step.check:
            _run_check(trial, step)
        else:
            _run_own(trial, step)


_INSTALL = """
import sys as _s, types as _t
for _name, _source in {sources!r}:
    _m = _s.modules[_name] = _t.ModuleType(_name)
    exec(compile(_source, "<inkdigits>", "exec"), _m.__dict__)
_m.start({data!r}, {subset!r})
del _s, _t, _m, _name, _source
"""


def _install_watch(kernel: Kernel, data: Path, subset: bool) -> None:
    files = resources.files("inkdigits.exercise")
    modules = {"inkdigits.exercise.recognition": "recognition.py", "_inkdigits_watch": "watch.py"}
    sources = [(name, (files / file).read_text("utf-8")) for name, file in modules.items()]
    done = kernel.execute(_INSTALL.format(sources=sources, data=str(data), subset=subset), silent=True)
    if done.error_name:
        raise ExerciseError(f"the checker's watch does not start: {done.error_name}: {done.error_text}")


def _run_own(trial: _Trial, step: Step) -> None:
    """A cell of the student's."""
    part = trial.parts[step.id]
    if trial.kernel.death:
        trial.cells.append(CellResult(step.id, part, 0.0, "not run", trial.kernel.death))
        return
    if problem := problem_of(step.source):
        trial.cells.append(CellResult(step.id, part, 0.0, "error", problem))
        trial.findings.append(Finding("unparsable", problem, step.id, part, fails=True))
        return
    done = trial.kernel.execute(step.source)
    asserts = _own_asserts(step.source, done)
    trial.cells.append(CellResult(step.id, part, done.seconds, _outcome(done), _message(done), asserts))
    trial.findings += code_mistakes(step.id, part, step.source)
    if done.limit:
        trial.findings.append(Finding("stopped", f"stopped: {done.limit}", step.id, part, fails=True))
    trial.printed[part].append((step.id, done.text))
    _drain(trial, step, part)


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
    test = shown(node.test)
    if (node.end_lineno or node.lineno) < line:
        return AssertResult(test, "passed")
    failed = node.lineno <= line and done.error_name == "AssertionError"
    return AssertResult(test, "failed", done.error_text) if failed else AssertResult(test, "not reached")


def _drain(trial: _Trial, step: Step, part: str) -> None:
    """Fetch what the watch saw during a cell."""
    seen = _ask(trial, step, part, "drain", read_seen)
    if seen is not None:
        trial.facts[part].events += [{**event, "cell": step.id} for event in seen["events"]]
        trial.facts[part].arrays.append({"cell": step.id, "arrays": seen["arrays"], "format": seen["format"]})


def _ask(
    trial: _Trial, step: Step, part: str, question: str, read: Callable[[str], dict[str, Any] | None]
) -> dict[str, Any] | None:
    """What the watch answers; None from a dead kernel, and with a finding when the watch is not what it was."""
    done = trial.kernel.execute("", {"answer": f"__import__('_inkdigits_watch').{question}()"}, silent=True)
    answer = read(done.values.get("answer", ""))
    if answer is None and not done.limit:
        message = "the checker's watch was taken out of the kernel or changed, so nothing after this can be trusted"
        trial.findings.append(Finding("watch_removed", message, step.id, part, fails=True))
    return answer


def _run_check(trial: _Trial, step: Step) -> None:
    """A check, statement by statement: an assert that fails does not hide those after it."""
    assert step.check is not None
    part = step.check.part or PARTS[0]
    if step.check.target:
        trial.facts[part].measured = _ask(trial, step, part, "measure", read_measured)
        trial.facts[part].bar = bar_of(step)
        _drain(trial, step, part)
    task = next((cell for cell in reversed(trial.cells) if cell.id in _tasks()), None)
    if task and task.outcome != "ok":
        trial.cells.append(_not_reached(step, part, f"the cell before it, {task.id}, did not run to its end"))
        return
    seconds = 0.0
    asserts = []
    broken = ""
    for node in ast.parse(step.source).body:
        done = trial.kernel.execute(ast.get_source_segment(step.source, node) or "")
        seconds += done.seconds
        if isinstance(node, ast.Assert):
            asserts.append(_checked(node, done))
        elif not done.ok:
            broken = _message(done)
    asserts = _held_to_measured(asserts, trial.facts[part]) if step.check.target else asserts
    failed = next((result for result in asserts if result.outcome != "passed"), None)
    message = broken or (failed.message if failed else "")
    trial.cells.append(
        CellResult(step.id, part, seconds, "error" if failed or broken else "ok", message, tuple(asserts), True)
    )


def _tasks() -> set[str]:
    """The cells that a student is asked to write."""
    return {cell.id for cell in load_master() if cell.written_by_student}


def _not_reached(step: Step, part: str, reason: str) -> CellResult:
    """A check behind a cell that is blank or broken: what is left from before must not earn its points."""
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


def _held_to_measured(asserts: list[AssertResult], facts: PartFacts) -> list[AssertResult]:
    """The assert on the accuracy (the last of a target) passes only if the measured accuracy does."""
    *others, last = asserts
    measured = facts.measured or {"error": "`model` could not be measured"}
    if "error" in measured:
        problem = measured["error"]
    elif facts.missed:
        problem = f"the checker measured {100 * measured['accuracy']:.2f} %, to exceed is {100 * (facts.bar or 0):g} %"
    else:
        return asserts
    if last.outcome == "not reached":
        return asserts
    return [*others, replace(last, outcome="failed", message=problem)]


def _verdict(trial: _Trial, seconds: float) -> Verdict:
    findings = [*trial.findings, *_change_findings(trial.submission)]
    for facts in trial.facts.values():
        findings += [*part_mistakes(facts), *_claim_findings(facts, trial.printed[facts.part])]
    if trial.kernel.death and not any(finding.key == "stopped" for finding in findings):
        findings.append(Finding("stopped", f"stopped: {trial.kernel.death}", fails=True))
    found = tuple(_without_repeats(findings))
    parts = tuple(_part_result(part, trial, found) for part in PARTS)
    passed = not any(finding.fails for finding in found) and all(cell.outcome == "ok" for cell in trial.cells)
    return Verdict(
        trial.submission.path.name,
        "passed" if passed else "failed",
        parts,
        tuple(trial.cells),
        found,
        seconds,
        code=tuple(step.source for step in trial.submission.steps if not step.check),
    )


def _without_repeats(findings: Iterable[Finding]) -> list[Finding]:
    """The same mistake of the same kind is told once a part."""
    return list({(found.key, found.message, found.part): found for found in findings}.values())


def _change_findings(submission: Submission) -> list[Finding]:
    checks = check_cells()
    return [
        Finding("check_changed", f"{change} (restored before judging)", cell, checks[cell].part, fails=True)
        for cell, change in submission.changes
    ]


def _claim_findings(facts: PartFacts, printed: list[tuple[str, str]]) -> list[Finding]:
    measured = (facts.measured or {}).get("accuracy")
    if measured is None:
        return []
    claims = [(cell, claim) for cell, text in printed if (claim := overstated(text, measured)) is not None]
    return [
        Finding(
            "claim_above_measured",
            f"an accuracy of {100 * claim:g} % is printed, the checker measured {100 * measured:.2f} %",
            cell,
            facts.part,
            fails=True,
        )
        for cell, claim in claims[:1]
    ]


# These make a good accuracy worth nothing, so they cost the points of the part's target.
_VOID = frozenset({"trained_on_test", "validated_on_test", "chosen_on_test", "test_labels_changed"})


def _part_result(part: str, trial: _Trial, findings: tuple[Finding, ...]) -> PartResult:
    checks = [cell for cell in check_cells().values() if cell.part == part]
    void = any(finding.part == part and finding.key in _VOID for finding in findings)
    results = {cell.id: cell for cell in trial.cells if cell.is_check}
    points = sum(0.0 if void and check.target else check.points * _share(results.get(check.id)) for check in checks)
    facts = trial.facts[part]
    return PartResult(
        name=part,
        points=round(points, 2),
        possible=_possible(part),
        accuracy=(facts.measured or {}).get("accuracy"),
        bar=facts.bar,
        blank=tuple(_blanks(part, trial)),
    )


def _share(result: CellResult | None) -> float:
    if result is None or not result.asserts:
        return 0.0
    return sum(found.outcome == "passed" for found in result.asserts) / len(result.asserts)


def _blanks(part: str, trial: _Trial) -> list[str]:
    """The student's cells of a part that still hold a blank."""
    blank = re.compile(r"^\s*raise NotImplementedError\(", re.MULTILINE)
    return [
        step.id
        for step in trial.submission.steps
        if step.id in _tasks() and trial.parts[step.id] == part and blank.search(step.source)
    ]

"""Points, findings and an outcome for one submission."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from pathlib import Path

from inkdigits.errors import ExerciseError
from inkdigits.exercise.claims import overstated
from inkdigits.exercise.master import PARTS, check_cells
from inkdigits.exercise.mistakes import PartFacts, part_mistakes
from inkdigits.exercise.submission import Submission, read_submission
from inkdigits.exercise.trial import Trial, TrialSetting, run_trial, task_cells
from inkdigits.exercise.verdict import CellResult, Finding, PartResult, Verdict

__all__ = ["grade_submission", "no_points"]

# These make a good accuracy worthless, so they cost the points of the part's target.
_VOID = frozenset({"trained_on_test", "validated_on_test", "chosen_on_test", "test_labels_changed"})


def grade_submission(path: Path, setting: TrialSetting) -> Verdict:
    """Run the notebook at `path` and grade it; whatever it does, a verdict comes back."""
    started = time.monotonic()
    try:
        submission = read_submission(path, setting.subset is not None)
    except ExerciseError as error:
        finding = Finding("no_notebook", str(error), fails=True)
        return Verdict(path.name, "unreadable", parts=no_points(), findings=(finding,))
    return _verdict(run_trial(submission, setting), started)


def no_points() -> tuple[PartResult, ...]:
    """The parts of a submission that could not be run: no point of any."""
    return tuple(PartResult(part, 0.0, _possible(part)) for part in PARTS)


def _possible(part: str) -> int:
    return sum(check.points for check in check_cells().values() if check.part == part)


def _verdict(trial: Trial, started: float) -> Verdict:
    findings = [*trial.findings, *_change_findings(trial.submission)]
    for facts in trial.facts.values():
        findings += [*part_mistakes(facts), *_claim_findings(facts, trial.printed[facts.part])]
    if trial.death and not any(finding.key == "stopped" for finding in findings):
        findings.append(Finding("stopped", f"stopped: {trial.death}", fails=True))
    found = tuple(_without_repeats(findings))
    passed = not any(finding.fails for finding in found) and all(cell.outcome == "ok" for cell in trial.cells)
    return Verdict(
        trial.submission.path.name,
        "passed" if passed else "failed",
        tuple(_part_result(part, trial, found) for part in PARTS),
        tuple(trial.cells),
        found,
        time.monotonic() - started,
        code=tuple(step.source for step in trial.submission.steps if not step.check),
    )


def _without_repeats(findings: Iterable[Finding]) -> list[Finding]:
    """Each mistake once a part."""
    return list({(found.key, found.message, found.part): found for found in findings}.values())


def _change_findings(submission: Submission) -> list[Finding]:
    checks = check_cells()
    return [
        Finding("check_changed", f"{change} (the original was run)", cell, checks[cell].part, fails=True)
        for cell, change in submission.changes
    ]


def _claim_findings(facts: PartFacts, printed: list[tuple[str, str]]) -> list[Finding]:
    if facts.accuracy is None:
        return []
    claims = [(cell, claim) for cell, text in printed if (claim := overstated(text, facts.accuracy)) is not None]
    return [
        Finding(
            "claim_above_measured",
            f"an accuracy of {100 * claim:g} % is printed, the checker measured {100 * facts.accuracy:.2f} %",
            cell,
            facts.part,
            fails=True,
        )
        for cell, claim in claims[:1]
    ]


def _part_result(part: str, trial: Trial, findings: tuple[Finding, ...]) -> PartResult:
    checks = [cell for cell in check_cells().values() if cell.part == part]
    void = any(finding.part == part and finding.key in _VOID for finding in findings)
    results = {cell.id: cell for cell in trial.cells if cell.is_check}
    points = sum(
        0.0 if void and check.target else check.points * _fraction_passed(results.get(check.id)) for check in checks
    )
    facts = trial.facts[part]
    return PartResult(part, round(points, 2), _possible(part), facts.accuracy, facts.bar, tuple(_blanks(part, trial)))


def _fraction_passed(result: CellResult | None) -> float:
    if result is None or not result.asserts:
        return 0.0
    return sum(found.outcome == "passed" for found in result.asserts) / len(result.asserts)


def _blanks(part: str, trial: Trial) -> list[str]:
    """The student's cells of a part that still hold a blank."""
    blank = re.compile(r"^\s*raise NotImplementedError\(", re.MULTILINE)
    return [
        step.id
        for step in trial.submission.steps
        if step.id in task_cells() and trial.parts[step.id] == part and blank.search(step.source)
    ]

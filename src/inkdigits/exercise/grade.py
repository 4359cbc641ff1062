"""Points, findings and an outcome for one submission."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from inkdigits.errors import ExerciseError
from inkdigits.exercise.blanks import has_blank
from inkdigits.exercise.choices import chooses_on_test
from inkdigits.exercise.honesty import honesty_findings
from inkdigits.exercise.master import PARTS, check_cells
from inkdigits.exercise.mistakes import part_mistakes
from inkdigits.exercise.misuses import NETWORK_PARTS, test_set_misuses
from inkdigits.exercise.part_facts import PartFacts
from inkdigits.exercise.policy import Cost, Policy
from inkdigits.exercise.shipped import is_shipped_solution
from inkdigits.exercise.submission import Submission, read_submission
from inkdigits.exercise.trial import Trial, TrialSetting, task_cells
from inkdigits.exercise.trial_run import run_trial
from inkdigits.exercise.verdict import AssertResult, CellResult, Finding, PartResult, Verdict

__all__ = ["grade_submission", "no_points"]


def grade_submission(path: Path, setting: TrialSetting) -> Verdict:
    """Run the notebook at `path` and grade it; whatever it does, a verdict comes back."""
    started = time.monotonic()
    try:
        submission = read_submission(path, setting.subset is not None)
    except ExerciseError as error:
        finding = Finding("no_notebook", str(error), fails=True)
        return Verdict(path.name, "unreadable", parts=no_points(), findings=(finding,))
    trial = run_trial(submission, setting)
    return _verdict(trial, setting.policy, started)


def no_points() -> tuple[PartResult, ...]:
    """The parts of a submission that could not be run: no point of any."""
    return tuple(PartResult(part, 0.0, _possible(part)) for part in PARTS)


def _possible(part: str) -> int:
    return sum(check.points for check in check_cells().values() if check.part == part)


def _verdict(trial: Trial, policy: Policy, started: float) -> Verdict:
    facts = _facts_of(trial)
    findings = [*trial.findings, *_change_findings(trial.submission)]
    findings += test_set_misuses(trial.observations, trial.measured, _choosing_parts(trial))
    for one in facts.values():
        findings += part_mistakes(one)
    findings += honesty_findings(trial, facts)
    if is_shipped_solution(trial.submission):
        message = "the answers are those of inkdigits' own solution, renamed or reformatted at most"
        findings.append(Finding("shipped_solution", message))
    if trial.death and not any(finding.key == "stopped" for finding in findings):
        findings.append(Finding("stopped", f"stopped: {trial.death}"))
    found = tuple(_with_cost(finding, policy) for finding in _without_repeats(findings))
    cells = [_held_to_measured(cell, facts, trial.bars) for cell in trial.cells]
    passed = not any(finding.fails for finding in found) and all(cell.outcome == "ok" for cell in cells)
    return Verdict(
        trial.submission.path.name,
        "passed" if passed else "failed",
        tuple(_part_result(part, trial, cells, facts[part], found) for part in PARTS),
        tuple(cells),
        found,
        time.monotonic() - started,
        code=tuple(step.source for step in trial.submission.steps if not step.check),
        answers=trial.submission.answers,
        sources={step.id: step.source for step in trial.submission.steps if not step.check},
    )


def _choosing_parts(trial: Trial) -> frozenset[str]:
    """The parts at whose end the network was chosen, by the code, by what networks read in the test set."""

    def sources(part: str) -> list[str]:
        so_far = PARTS[: PARTS.index(part) + 1]
        return [step.source for step in trial.submission.steps if not step.check and trial.parts[step.id] in so_far]

    return frozenset(part for part in NETWORK_PARTS if chooses_on_test(sources(part)))


def _facts_of(trial: Trial) -> dict[str, PartFacts]:
    return {
        part: PartFacts(part, trial.observations[part], trial.measured.get(part), trial.bars.get(part))
        for part in PARTS
    }


def _with_cost(finding: Finding, policy: Policy) -> Finding:
    cost = policy.cost_of(finding.key)
    reaches = finding.reaches or ((finding.part,) if finding.part in ("dense", "cnn") else ())
    return replace(
        finding, fails=cost != Cost.note, voids=cost == Cost.void, reaches=reaches if cost == Cost.void else ()
    )


def _without_repeats(findings: Iterable[Finding]) -> list[Finding]:
    """Each mistake once a part."""
    return list({(found.key, found.message, found.part): found for found in findings}.values())


def _change_findings(submission: Submission) -> list[Finding]:
    checks = check_cells()
    return [
        Finding("check_changed", f"{change} (the original was run)", cell, checks[cell].part)
        for cell, change in submission.changes
    ]


def _held_to_measured(cell: CellResult, facts: dict[str, PartFacts], bars: dict[str, float]) -> CellResult:
    """An assert on an accuracy (the last of its check) passes only if the measured accuracy does."""
    check = check_cells().get(cell.id)
    if check is None or not cell.asserts or not (check.target or check.needs):
        return cell
    problem = _problem_of(facts[cell.part]) if check.target else _problem_of_difference(facts, bars[cell.id])
    *others, last = cell.asserts
    if problem is None or last.outcome == "not reached":
        return cell
    return replace(
        cell,
        outcome="error",
        message=cell.message or problem,
        asserts=(*others, AssertResult(last.test, "failed", problem)),
    )


def _problem_of(facts: PartFacts) -> str | None:
    if facts.measured is None or facts.measured.error:
        return facts.measured.error if facts.measured else "`model` could not be measured"
    if not facts.missed:
        return None
    return f"the checker measured {100 * (facts.accuracy or 0):.2f} %, expected above {100 * (facts.bar or 0):g} %"


def _problem_of_difference(facts: dict[str, PartFacts], bar: float) -> str | None:
    dense, cnn = facts["dense"].accuracy, facts["cnn"].accuracy
    if dense is None or cnn is None:
        return "both networks must be measured to be compared"
    if cnn - dense > bar:
        return None
    return f"the checker measured {100 * cnn:.2f} % for part 2 and {100 * dense:.2f} % for part 1"


def _part_result(
    part: str, trial: Trial, cells: list[CellResult], facts: PartFacts, findings: tuple[Finding, ...]
) -> PartResult:
    checks = [cell for cell in check_cells().values() if cell.part == part]
    void = {name for finding in findings if finding.voids for name in finding.reaches}
    results = {cell.id: cell for cell in cells if cell.is_check}
    points = sum(
        0.0
        if void & ({part} if check.target else set(check.needs))
        else check.points * _fraction_passed(results.get(check.id))
        for check in checks
    )
    return PartResult(
        part, round(points, 2), _possible(part), facts.accuracy, facts.bar, tuple(_blanks(part, trial)), part in void
    )


def _fraction_passed(result: CellResult | None) -> float:
    if result is None or not result.asserts:
        return 0.0
    return sum(found.outcome == "passed" for found in result.asserts) / len(result.asserts)


def _blanks(part: str, trial: Trial) -> list[str]:
    """The student's cells of a part that still hold a blank."""
    return [
        step.id
        for step in trial.submission.steps
        if step.id in task_cells() and trial.parts[step.id] == part and has_blank(step.source)
    ]

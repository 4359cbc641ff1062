"""A whole class: who handed in what, which verdicts there are already, and the rest graded."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from threading import Lock

from inkdigits.exercise.check import check_submissions
from inkdigits.exercise.grade import no_points
from inkdigits.exercise.hand_ins import HandIn, find_hand_ins
from inkdigits.exercise.policy import Policy
from inkdigits.exercise.roster import RosterEntry, missing_students
from inkdigits.exercise.submission_limits import SubmissionLimits
from inkdigits.exercise.verdict import Finding, Verdict
from inkdigits.exercise.verdict_log import VerdictLog, fingerprint_of

__all__ = ["ClassOptions", "check_class"]


@dataclass(frozen=True)
class ClassOptions:
    """How a class is checked; `log` is the file that verdicts are written into as they come."""

    limits: SubmissionLimits = field(default_factory=SubmissionLimits)
    jobs: int | None = None
    subset: int | None = None
    policy: Policy = field(default_factory=Policy)
    log: Path | None = None
    roster: tuple[RosterEntry, ...] = ()


def check_class(
    paths: list[Path], options: ClassOptions, done: Callable[[Verdict, list[Verdict]], None] = lambda one, so_far: None
) -> list[Verdict]:
    """One verdict for each student, ordered by name; those that are in the log already are taken from there.

    `done` is called with each verdict as it comes, and all so far. Raises `ExerciseError` as `find_hand_ins` and
    `check_submissions` do.
    """
    with tempfile.TemporaryDirectory(prefix="ink-class-", ignore_cleanup_errors=True) as workspace:
        found = find_hand_ins(paths, Path(workspace))
        missing, unexpected = missing_students(list(options.roster), found) if options.roster else ([], [])
        collected = _Collected(VerdictLog(options.log) if options.log else None, done)
        for one in found:
            if one.path is None:
                collected.add(_without_notebook(one), None)
        for student in missing:
            finding = Finding("missing", "handed in nothing", fails=True)
            collected.add(Verdict(student, "missing", no_points(), findings=(finding,), student=student), None)
        _check_notebooks([one for one in found if one.path], set(unexpected), options, collected)
    return collected.in_order()


class _Collected:
    """Verdicts as they come, from several threads."""

    def __init__(self, log: VerdictLog | None, done: Callable[[Verdict, list[Verdict]], None]) -> None:
        self.log = log
        self._done = done
        self._lock = Lock()
        self._verdicts: list[Verdict] = []

    def add(self, verdict: Verdict, fingerprint: str | None) -> None:
        """Keep a verdict; one with a fingerprint is written down first."""
        with self._lock:
            if self.log and fingerprint and verdict.outcome != "stopped":
                self.log.add(fingerprint, verdict)
            self._verdicts.append(verdict)
            self._done(verdict, self._ordered())

    def _ordered(self) -> list[Verdict]:
        return sorted(self._verdicts, key=lambda one: (one.student.casefold(), one.name))

    def in_order(self) -> list[Verdict]:
        """All verdicts, ordered by the students' names."""
        with self._lock:
            return self._ordered()


def _check_notebooks(found: list[HandIn], unexpected: set[str], options: ClassOptions, collected: _Collected) -> None:
    settings = {"subset": options.subset, "limits": asdict(options.limits), "policy": dict(options.policy.costs)}
    by_name = {one.name: one for one in _named_apart(found)}
    marks = {one.name: fingerprint_of(one.path, settings) for one in by_name.values() if one.path}

    def complete(verdict: Verdict) -> Verdict:
        one = by_name[verdict.name]
        more = ("not on the class list",) if one.student in unexpected else ()
        return replace(verdict, student=one.student, notes=(*one.notes, *more))

    left: dict[Path, str] = {}
    for one in by_name.values():
        known = collected.log.get(marks[one.name]) if collected.log else None
        if known:
            collected.add(complete(replace(known, name=one.name)), None)
        elif one.path:
            left[one.path] = one.name
    if left:
        check_submissions(
            list(left), options.limits, jobs=options.jobs, subset=options.subset, policy=options.policy, names=left,
            done=lambda verdict: collected.add(complete(verdict), marks[verdict.name]),
        )  # fmt: skip


def _named_apart(found: list[HandIn]) -> list[HandIn]:
    """The hand-ins, those whose files have the same name told apart by their students, else by their paths."""
    for name_of in (lambda one: f"{one.student}: {one.name}", lambda one: str(one.path)):
        names = [one.name for one in found]
        found = [replace(one, name=name_of(one)) if names.count(one.name) > 1 else one for one in found]
    return found


def _without_notebook(one: HandIn) -> Verdict:
    finding = Finding("no_notebook", one.problem or "no notebook", fails=True)
    return Verdict(one.name, "unreadable", no_points(), findings=(finding,), student=one.student, notes=one.notes)

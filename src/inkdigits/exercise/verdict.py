"""What the checker found out about one submission."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

__all__ = ["AssertResult", "CellResult", "Finding", "PartResult", "Verdict", "encodable"]


_PARTS = {"dense": "part 1", "cnn": "part 2"}


@dataclass(frozen=True)
class AssertResult:
    """One assert of a check, or of the student's own."""

    test: str
    outcome: str  # passed, failed or not reached
    message: str = ""


@dataclass(frozen=True)
class CellResult:
    """One code cell that was run."""

    id: str
    part: str
    seconds: float
    outcome: str  # ok, error, blank, stopped, or not run
    message: str = ""
    asserts: tuple[AssertResult, ...] = ()
    is_check: bool = False


@dataclass(frozen=True)
class Finding:
    """A mistake with its name. `fails` when it alone makes the submission fail; else it explains a failure.

    `reaches` names the parts whose networks it concerns; where `voids` is set, the points of their tests are lost.
    """

    key: str
    message: str
    cell: str = ""
    part: str | None = None
    fails: bool = False
    voids: bool = False
    reaches: tuple[str, ...] = ()
    next_step: str = ""  # what to try


@dataclass(frozen=True)
class PartResult:
    """Points of one part; `accuracy` is the checker's own measurement, `bar` is what it must exceed."""

    name: str
    points: float
    possible: int
    accuracy: float | None = None
    bar: float | None = None
    blank: tuple[str, ...] = ()  # the cells that were left blank
    void: bool = False  # whether the points of its test were lost by a finding


@dataclass(frozen=True)
class Verdict:
    """The whole result of one submission."""

    name: str
    outcome: str  # passed, failed, unreadable or missing; stopped when the check of a class was
    parts: tuple[PartResult, ...] = ()
    cells: tuple[CellResult, ...] = ()
    findings: tuple[Finding, ...] = ()
    seconds: float = 0.0
    code: tuple[str, ...] = field(default=(), repr=False)  # what the student wrote, for the comparison of submissions
    answers: tuple[tuple[str, str], ...] = ()  # what the student wrote in words, by cell
    sources: dict[str, str] = field(default_factory=dict, repr=False)  # the student's code cells
    student: str = ""  # who handed it in
    notes: tuple[str, ...] = ()  # what a teacher should know of what was handed in
    subset: int | None = None  # the number of training pictures of a trial, with bars scaled down; None: all

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong or missing."""
        return self.outcome == "passed"

    @property
    def points(self) -> float:
        """The points of all parts."""
        return sum(part.points for part in self.parts)

    @property
    def possible(self) -> int:
        """The maximum of points."""
        return sum(part.possible for part in self.parts)

    @property
    def messages(self) -> list[str]:
        """What was found, a line each; the cells that were left blank come last.

        Of a submission that failed without either, the first check that it missed.
        """
        blank = [cell for part in self.parts for cell in part.blank]
        lines = [finding.message for finding in self.findings]
        lines += [f"blank: {', '.join(blank)}"] if blank else []
        return lines or [line for line in [self.first_missed] if line]

    @property
    def first_missed(self) -> str:
        """The first accuracy that is not above its bar, else the first cell that is not ok; empty where all are."""
        for part in self.parts:
            if part.accuracy is not None and part.bar is not None and part.accuracy <= part.bar:
                accuracy, bar = f"{100 * part.accuracy:.2f} %", f"{100 * part.bar:g} %"
                return f"{_PARTS.get(part.name, part.name)}: accuracy {accuracy}, expected above {bar}"
        cell = next((cell for cell in self.cells if cell.outcome != "ok"), None)
        return "" if cell is None else f"{cell.id}: {cell.message or cell.outcome}"

    def as_dict(self) -> dict[str, object]:
        """For JSON: everything but the code."""
        content = asdict(self)
        del content["code"], content["sources"]
        return {**content, "points": self.points, "possible": self.possible}


def encodable(value: Any) -> Any:
    """`value`, a verdict or a part of one, with a question mark for every lone surrogate: UTF-8 can encode it."""
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, tuple):
        return tuple(map(encodable, value))
    if isinstance(value, dict):
        return {encodable(name): encodable(part) for name, part in value.items()}
    if isinstance(value, AssertResult | CellResult | Finding | PartResult | Verdict):
        return replace(value, **{field.name: encodable(getattr(value, field.name)) for field in fields(value)})
    return value

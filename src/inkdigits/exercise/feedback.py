"""HTML pages: one for each student, and one of the class for the teacher."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from inkdigits.errors import require_extra
from inkdigits.exercise.master import check_cells, load_master
from inkdigits.exercise.similar import SimilarGroup, similar_groups
from inkdigits.exercise.task_titles import PART_TITLES, task_of, title_of
from inkdigits.exercise.verdict import CellResult, Finding, PartResult, Verdict
from inkdigits.system.atomic_io import make_folder, write_text

__all__ = ["page_names", "write_class_page", "write_feedback", "write_student_page"]

_MAX_CODE_LINES = 40
_BINS = 8


@dataclass(frozen=True)
class _CheckRow:
    """A check on a student's page."""

    title: str
    points: float
    possible: int
    outcome: str
    message: str
    missed: tuple[tuple[str, str], ...]  # asserts, each with what it says


@dataclass(frozen=True)
class _FindingBlock:
    """A finding on a student's page, with the code that it is about."""

    finding: Finding
    title: str
    code: str


@dataclass(frozen=True)
class _AnswerBlock:
    """A question that is answered in words."""

    title: str
    answer: str
    possible: int


def page_names(verdicts: list[Verdict]) -> dict[str, str]:
    """The file of each submission's page, by the submission's name."""
    return {
        one.name: f"{number:03d}-{_file_name(one.student or one.name)}.html" for number, one in enumerate(verdicts, 1)
    }


def write_feedback(folder: Path, verdicts: list[Verdict]) -> None:
    """Write a page a submission and `index.html`, for the teacher, into `folder`. Raises `OutputError`."""
    pages = page_names(verdicts)
    make_folder(folder)
    for verdict in verdicts:
        write_student_page(folder / pages[verdict.name], verdict)
    write_class_page(folder, verdicts, pages)


def write_student_page(path: Path, verdict: Verdict) -> None:
    """Write one student's page."""
    findings = sorted(verdict.findings, key=lambda found: not found.fails)
    page = _render(
        "feedback.html.jinja",
        verdict=verdict,
        titles=PART_TITLES,
        checks={part: _check_rows(verdict, part) for part in PART_TITLES},
        findings=[_finding_block(verdict, finding) for finding in findings],
        answers=_answer_blocks(verdict),
        title_of=title_of,
    )
    write_text(path, page)


def _render(template: str, **values: object) -> str:
    require_extra("jinja2", "exercise", "--feedback")
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals["style"] = _text_of("pages.css")
    return environment.from_string(_text_of(template)).render(**values)


def _text_of(name: str) -> str:
    return (resources.files("inkdigits.exercise") / name).read_text("utf-8")


def _check_rows(verdict: Verdict, part: str) -> list[_CheckRow]:
    results = {cell.id: cell for cell in verdict.cells if cell.is_check}
    found = next((one for one in verdict.parts if one.name == part), None)
    return [
        _check_row(check.id, check.points, results[check.id], bool(check.target and found and found.void))
        for check in check_cells().values()
        if check.part == part and check.id in results
    ]


def _check_row(check: str, possible: int, result: CellResult, void: bool) -> _CheckRow:
    passed = sum(found.outcome == "passed" for found in result.asserts)
    points = 0.0 if void or not result.asserts else possible * passed / len(result.asserts)
    missed = tuple(
        (found.test, found.message or found.outcome) for found in result.asserts if found.outcome != "passed"
    )
    outcome = "void" if void and not missed else "ok" if not missed and result.outcome == "ok" else "missed"
    return _CheckRow(title_of(check), points, possible, outcome, result.message, missed)


def _finding_block(verdict: Verdict, finding: Finding) -> _FindingBlock:
    code = verdict.sources.get(finding.cell) or verdict.sources.get(task_of(finding.cell), "")
    lines = code.splitlines()
    more = [f"… {len(lines) - _MAX_CODE_LINES} more lines"] if len(lines) > _MAX_CODE_LINES else []
    title = title_of(finding.cell) if finding.cell else PART_TITLES.get(finding.part or "", "")
    return _FindingBlock(finding, title, "\n".join([*lines[:_MAX_CODE_LINES], *more]))


def _answer_blocks(verdict: Verdict) -> list[_AnswerBlock]:
    possible = {cell.id: cell.points for cell in load_master() if cell.kind == "markdown"}
    return [_AnswerBlock(title_of(cell), answer, possible.get(cell, 1)) for cell, answer in verdict.answers]


def write_class_page(folder: Path, verdicts: list[Verdict], pages: dict[str, str]) -> None:
    """Write `index.html`, for the teacher: who needs help first, what was missed most, and who handed in the same."""
    graded = [one for one in verdicts if one.outcome in ("passed", "failed")]
    shown = {one.name: one.student or one.name for one in verdicts}
    page = _render(
        "class.html.jinja",
        verdicts=sorted(verdicts, key=_help_order),
        graded=graded,
        pages=pages,
        shown=shown,
        groups=[*_solution_group(verdicts), *similar_groups(verdicts)],
        titles=PART_TITLES,
        averages={part: _average([one for v in graded for one in v.parts if one.name == part]) for part in PART_TITLES},
        missed=_most_missed(graded),
        bins=_histogram(graded),
        serious=lambda verdict: [found for found in verdict.findings if found.voids],
    )
    write_text(folder / "index.html", page)


def _help_order(verdict: Verdict) -> tuple[bool, float, str]:
    """Who has the fewest points first; who handed in nothing that can be graded before all others."""
    return verdict.outcome in ("passed", "failed"), verdict.points, verdict.student.casefold()


def _solution_group(verdicts: list[Verdict]) -> list[SimilarGroup]:
    names = tuple(one.name for one in verdicts if any(found.key == "shipped_solution" for found in one.findings))
    return [SimilarGroup(("the solution that inkdigits ships", *names), 1.0)] if names else []


def _average(parts: list[PartResult]) -> float | None:
    return sum(part.points for part in parts) / len(parts) if parts else None


def _most_missed(graded: list[Verdict]) -> list[tuple[str, int]]:
    counts = Counter(cell.id for one in graded for cell in one.cells if cell.is_check and cell.outcome != "ok")
    return [(title_of(check), count) for check, count in counts.most_common(8)]


def _histogram(graded: list[Verdict]) -> list[tuple[str, int, float]]:
    """For each range of points its name, the number of submissions, and the height of its bar in [0, 1]."""
    if not graded:
        return []
    possible = max(one.possible for one in graded) or 1
    edges = [round(place * possible / _BINS) for place in range(_BINS + 1)]
    counts = [0] * _BINS
    for one in graded:
        counts[sum(one.points > edge for edge in edges[1:-1])] += 1
    names = [f"{low + (1 if place else 0)}-{high}" for place, (low, high) in enumerate(itertools.pairwise(edges))]
    return [(name, count, count / max(counts)) for name, count in zip(names, counts, strict=True)]


def _file_name(name: str) -> str:
    return re.sub(r"[^\w-]+", "-", name.removesuffix(".ipynb")).strip("-")[:80] or "submission"

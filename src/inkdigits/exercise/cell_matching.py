"""Which cell of the exercise is this? By its id where an editor kept it, else by what it holds and where it stands."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache

from inkdigits.exercise.master import MasterCell, load_master, solution_only, student_only

__all__ = ["NotebookCell", "identified"]

# Of a check's lines, how many must stand in a cell that has lost its id to be taken for it, changed as it may be.
_MIN_ALIKE = 0.5


@dataclass(frozen=True)
class NotebookCell:
    """One cell of a notebook; `id` is the exercise's where that is known."""

    id: str
    kind: str  # code or markdown
    source: str


def identified(cells: list[NotebookCell]) -> list[NotebookCell]:
    """The cells, those of the exercise with its ids, each used once; the others as `cell-1`, `cell-2` …

    A copied cell keeps its id: only the first is what it claims to be, the others are the student's own.
    """
    known = {cell.id: cell for cell in load_master()}
    used: set[str] = set()
    found: list[NotebookCell | None] = []
    for cell in cells:
        genuine = cell.id in known and cell.id not in used and known[cell.id].kind == cell.kind
        used |= {cell.id} if genuine else set()
        found.append(cell if genuine else None)
    _by_content(cells, found, used)
    _by_place(cells, found, used)
    return [one or replace(cells[place], id=f"cell-{place + 1}") for place, one in enumerate(found)]


def _by_content(cells: list[NotebookCell], found: list[NotebookCell | None], used: set[str]) -> None:
    """Cells that are handed out to be left as they are, by their lines; equal ones in their order."""
    for least in (1.0, _MIN_ALIKE):
        for master in load_master():
            if master.kind != "code" or master.written_by_student or master.id in used:
                continue
            start = _start_of(master, found)
            places = [
                place for place in range(start, len(cells)) if found[place] is None and cells[place].kind == "code"
            ]
            scores = {place: _alike(cells[place].source, master.source) for place in places}
            best = max(places, key=lambda place: (scores[place], -place), default=None)
            if best is not None and scores[best] >= least:
                found[best] = replace(cells[best], id=master.id)
                used.add(master.id)


def _start_of(master: MasterCell, found: list[NotebookCell | None]) -> int:
    """The place behind the last cell that is known and comes before `master` in the exercise."""
    before = _order()[: _order().index(master.id)]
    return max((place + 1 for place, cell in enumerate(found) if cell and cell.id in before), default=0)


@cache
def _order() -> tuple[str, ...]:
    return tuple(cell.id for cell in load_master())


def _lines(source: str) -> set[str]:
    return {
        re.sub(r"\s+", "", line) for line in source.splitlines() if line.strip() and not line.lstrip().startswith("#")
    }


def _alike(source: str, original: str) -> float:
    wanted, given = _lines(original), _lines(source)
    return len(wanted & given) / len(wanted) if wanted else 0.0


def _by_place(cells: list[NotebookCell], found: list[NotebookCell | None], used: set[str]) -> None:
    """The student's cells: the one that stands between the same neighbours, with most in common where several do."""
    for master in load_master():
        if not master.written_by_student or master.id in used:
            continue
        start, end = _start_of(master, found), _end_of(master, found)
        places = [
            place for place in range(start, end)
            if found[place] is None and cells[place].kind == master.kind and cells[place].source.strip()
        ]  # fmt: skip
        if master.kind == "markdown":
            places = [place for place in places if not _is_our_text(cells[place].source)]
        best = max(places, key=lambda place: (_in_common(cells[place].source, master), place), default=None)
        if best is not None:
            found[best] = replace(cells[best], id=master.id)
            used.add(master.id)


def _end_of(master: MasterCell, found: list[NotebookCell | None]) -> int:
    after = _order()[_order().index(master.id) + 1 :]
    return min((place for place, cell in enumerate(found) if cell and cell.id in after), default=len(found))


def _in_common(source: str, master: MasterCell) -> float:
    kept = _lines(student_only(master)) | _lines(solution_only(master))
    names = set(re.findall(r"^\s*(?:def )?(\w+)\s*(?:=|\()", solution_only(master), re.MULTILINE))
    written = set(re.findall(r"\w+", source))
    return len(_lines(source) & kept) + len(names & written)


@cache
def _texts() -> tuple[str, ...]:
    return tuple(
        re.sub(r"\W", "", cell.source)[:60] for cell in load_master() if cell.kind == "markdown" and not cell.asks
    )


def _is_our_text(source: str) -> bool:
    plain = re.sub(r"<[^>]*>", "", source)
    return "Your turn" in source or re.sub(r"\W", "", plain)[:60] in _texts()

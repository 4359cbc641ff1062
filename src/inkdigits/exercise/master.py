"""The exercise's one source, `master.md`, read into cells.

The master is Markdown that can be reviewed as it stands. A fenced block of `python` or `markdown` whose info string
holds `id=…` is a cell of its own; everything between such blocks is one text cell. What a student writes stands
between `BEGIN SOLUTION: what is asked` and `END SOLUTION`. A cell with `part=…` is a check; with `target=…` the checker
measures the accuracy of `model` there. Paragraphs that begin with `TASK:`, `HINT:`, `WHY:` or `FIGURE:` become boxes,
folded notes and drawings (see `paragraphs.py`).
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from importlib import resources

from inkdigits.errors import ExerciseError

__all__ = ["PARTS", "MasterCell", "check_cells", "load_master", "parse_master", "solution_only", "student_only"]

PARTS = ("prepare", "dense", "cnn")
_FENCE = re.compile(r"^```(python|markdown) (id=[^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_REGION = re.compile(
    r"^(?P<indent>[ ]*)(?:\# )?BEGIN SOLUTION: (?P<ask>[^\n]+)\n(?P<body>.*?)^[ ]*(?:\# )?END SOLUTION\n?",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class MasterCell:
    """One cell: `source` still holds the marks of the solution."""

    id: str
    kind: str  # code or markdown
    source: str
    points: int = 0
    part: str | None = None  # of a check: prepare, dense or cnn
    target: str | None = None  # of the check that a network's accuracy is measured at: dense or cnn
    needs: tuple[str, ...] = ()  # of a check: the parts whose networks it compares

    @property
    def is_check(self) -> bool:
        """Whether this is a check, which a student leaves as it is."""
        return self.part is not None

    @property
    def asks(self) -> tuple[str, ...]:
        """What the student is asked to write here; empty where there is nothing to write."""
        return tuple(match["ask"] for match in _REGION.finditer(self.source + "\n"))

    @property
    def written_by_student(self) -> bool:
        """Whether a part of this cell is the student's."""
        return bool(self.asks)


@cache
def load_master() -> tuple[MasterCell, ...]:
    """The cells of the master that the package carries, in order."""
    return parse_master((resources.files("inkdigits.exercise") / "master.md").read_text("utf-8"))


def parse_master(text: str) -> tuple[MasterCell, ...]:
    """The cells of a master. Raises `ExerciseError` for an unknown setting, a double id or an unclosed solution."""
    cells: list[MasterCell] = []
    position = 0
    for fence in _FENCE.finditer(text):
        cell = _fenced_cell(*fence.groups())
        cells += _text_cells(text[position : fence.start()], f"text-{cell.id}")
        cells.append(cell)
        position = fence.end()
    cells += _text_cells(text[position:], "text-end")
    _refuse_double_ids(cells)
    return tuple(cells)


def _fenced_cell(language: str, settings: str, source: str) -> MasterCell:
    given = dict(setting.split("=", 1) for setting in settings.split())
    unknown = set(given) - {"id", "points", "part", "target", "needs"}
    if unknown or given.get("part", PARTS[0]) not in PARTS:
        raise ExerciseError(
            f"master.md: cell {given['id']}: expected id, points, part, target, needs, got {settings!r}"
        )
    if source.count("BEGIN SOLUTION: ") != source.count("END SOLUTION"):
        raise ExerciseError(f"master.md: cell {given['id']}: BEGIN SOLUTION and END SOLUTION do not pair")
    return MasterCell(
        id=given["id"],
        kind="code" if language == "python" else "markdown",
        source=source.rstrip("\n"),
        points=int(given.get("points", 0)),
        part=given.get("part"),
        target=given.get("target"),
        needs=tuple(filter(None, given.get("needs", "").split(","))),
    )


def _text_cells(text: str, cell_id: str) -> list[MasterCell]:
    return [MasterCell(cell_id, "markdown", text.strip())] if text.strip() else []


def _refuse_double_ids(cells: list[MasterCell]) -> None:
    counts = Counter(cell.id for cell in cells)
    for cell_id in (cell_id for cell_id, count in counts.items() if count > 1):
        raise ExerciseError(f"master.md: two cells are called {cell_id}: every cell needs a unique id")


def check_cells() -> dict[str, MasterCell]:
    """The checks by their ids, in order."""
    return {cell.id: cell for cell in load_master() if cell.is_check}


def solution_only(cell: MasterCell) -> str:
    """The cell's source with its solution and without the marks."""
    return _REGION.sub(lambda match: match["body"], cell.source + "\n").rstrip("\n")


def student_only(cell: MasterCell) -> str:
    """The cell's source with every solution replaced by a blank that says what is asked."""
    return _REGION.sub(lambda match: _blank(cell.kind, match["indent"], match["ask"]), cell.source + "\n").rstrip("\n")


def _blank(kind: str, indent: str, ask: str) -> str:
    if kind == "markdown":
        return f"*({ask})*\n"
    return f'{indent}raise NotImplementedError("{ask}")\n'

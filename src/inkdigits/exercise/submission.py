"""A submission as a list of steps: the student's cells, with the master's checks at their positions."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inkdigits.errors import ExerciseError
from inkdigits.exercise.cell_matching import NotebookCell, identified
from inkdigits.exercise.master import PARTS, MasterCell, check_cells, load_master, student_only
from inkdigits.exercise.parsing import without_installing
from inkdigits.exercise.tampering import describe_change

__all__ = ["SUBSET_BARS", "Submission", "SubmissionStep", "bar_of", "looks_like_exercise", "part_of", "read_submission"]

# With a few thousand pictures no network reaches the real bars; these only show that a network learns.
SUBSET_BARS = {"check-dense-test": 0.85, "check-cnn-test": 0.80, "check-compare": -0.20}
_BAR = re.compile(r"> (-?[0-9.]+)(?=,[^\n]*# bar$)", re.MULTILINE)
# More than any honest notebook, outputs included; nothing larger is read into memory.
_MAX_BYTES = 64 << 20


@dataclass(frozen=True)
class SubmissionStep:
    """One code cell to be run."""

    id: str
    source: str
    check: MasterCell | None = None  # the master's check that it is, if it is one


@dataclass(frozen=True)
class Submission:
    """A notebook as handed in, its checks restored."""

    path: Path
    steps: tuple[SubmissionStep, ...]
    changes: tuple[tuple[str, str], ...]  # check's id, what was changed
    answers: tuple[tuple[str, str], ...] = ()  # id of a question that is answered in words, what the student wrote


def read_submission(path: Path, subset: bool = False) -> Submission:
    """Read a notebook and restore its checks; with `subset` their bars are those of a small subset.

    Raises `ExerciseError` when `path` is no notebook.
    """
    cells = identified(_read_cells(path))
    code = [cell for cell in cells if cell.kind == "code"]
    steps = [_step(cell.id, without_installing(cell.source), subset) for cell in code]
    changes = [change for cell in code if (change := _change(cell.id, cell.source))]
    present = {step.id for step in steps}
    # A notebook may end after part 1: its later checks were left away with their part, not deleted.
    for check in check_cells().values():
        if check.id not in present:
            steps.insert(_place_of(check, steps), _step(check.id, check.source, subset))
            if _is_begun(check, present):
                changes.append((check.id, "the check was deleted"))
    return Submission(path, tuple(steps), tuple(changes), _answers(cells))


def looks_like_exercise(path: Path) -> bool:
    """Whether a file is a notebook in which most checks of the exercise are found."""
    try:
        found = {cell.id for cell in identified(_read_cells(path))}
    except ExerciseError:
        return False
    return len(found & set(check_cells())) >= 3


def _is_begun(check: MasterCell, present: set[str]) -> bool:
    return any(cell.part == check.part and cell.id in present for cell in check_cells().values()) or (
        check.part == PARTS[0]
    )


def _answers(cells: list[NotebookCell]) -> tuple[tuple[str, str], ...]:
    questions = {cell.id: cell for cell in load_master() if cell.kind == "markdown" and cell.asks}
    written = {cell.id: cell.source for cell in cells if cell.id in questions}
    blank = {name: student_only(cell).strip() for name, cell in questions.items()}
    return tuple(
        (name, text if (text := written.get(name, "").strip()) and text != blank[name] else "") for name in questions
    )


def _read_cells(path: Path) -> list[NotebookCell]:
    import nbformat

    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ExerciseError(f"{path}: larger than {_MAX_BYTES >> 20} MB: clear the outputs and hand it in again")
        notebook: Any = nbformat.reads(_text_of(path.read_bytes()), as_version=4)
        return [
            NotebookCell(_identity(cell), str(cell.cell_type), str(cell.source))
            for cell in notebook.cells
            if cell.cell_type in ("code", "markdown")
        ]
    except FileNotFoundError as error:
        raise ExerciseError(f"{path}: no such file: expected a notebook (.ipynb)") from error
    except OSError as error:
        raise ExerciseError(f"{path}: cannot be read: {error.strerror}") from error
    except (nbformat.reader.NotJSONError, nbformat.ValidationError, UnicodeDecodeError) as error:
        raise ExerciseError(f"{path}: no notebook: expected an .ipynb file as Jupyter saves it") from error
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise ExerciseError(f"{path}: a damaged notebook ({error}): save it again in Jupyter") from error


def _text_of(content: bytes) -> str:
    """UTF-8, with or without a byte order mark, or UTF-16 with one."""
    utf16 = content[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    return content.decode("utf-16" if utf16 else "utf-8-sig")


def _identity(cell: Any) -> str:
    return str(cell.metadata.get("nbgrader", {}).get("grade_id") or cell.get("id", ""))


def _step(cell_id: str, source: str, subset: bool) -> SubmissionStep:
    check = check_cells().get(cell_id)
    if check is None:
        return SubmissionStep(cell_id, source)
    restored = check.source
    if subset and cell_id in SUBSET_BARS:
        restored = _BAR.sub(f"> {SUBSET_BARS[cell_id]}", restored)
    return SubmissionStep(cell_id, restored, check)


def _change(cell_id: str, source: str) -> tuple[str, str] | None:
    check = check_cells().get(cell_id)
    found = describe_change(check.source, source) if check else None
    return (cell_id, found) if found else None


def _place_of(check: MasterCell, steps: list[SubmissionStep]) -> int:
    """After the last step that comes before `check` in the master."""
    order = [cell.id for cell in load_master()]
    before = set(order[: order.index(check.id)])
    places = [place for place, step in enumerate(steps, 1) if step.id in before]
    return max(places, default=len(steps))


def bar_of(step: SubmissionStep) -> float:
    """The accuracy that a check asks for, as it stands in the step's source."""
    found = _BAR.search(step.source)
    if found is None:
        raise ExerciseError(f"master.md: check {step.id} has a target but no line that ends with # bar")
    return float(found[1])


def part_of(steps: tuple[SubmissionStep, ...]) -> dict[str, str]:
    """The part of the exercise that each step belongs to: that of the next check."""
    parts: dict[str, str] = {}
    part = "cnn"
    for step in reversed(steps):
        part = (step.check.part or part) if step.check else part
        parts[step.id] = part
    return parts

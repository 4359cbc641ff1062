"""A submission as a list of steps: the student's cells, with the master's checks at their positions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inkdigits.errors import ExerciseError
from inkdigits.exercise.master import MasterCell, check_cells, load_master
from inkdigits.exercise.tampering import describe_change

__all__ = ["SUBSET_BARS", "Submission", "SubmissionStep", "bar_of", "part_of", "read_submission"]

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


def read_submission(path: Path, subset: bool = False) -> Submission:
    """Read a notebook and restore its checks; with `subset` their bars are those of a small subset.

    Raises `ExerciseError` when `path` is no notebook.
    """
    cells = _read_code_cells(path)
    steps = [_step(cell_id, source, subset) for cell_id, source in _first_of_each(cells)]
    changes = [change for cell_id, source in _first_of_each(cells) if (change := _change(cell_id, source))]
    present = {step.id for step in steps}
    for check in check_cells().values():
        if check.id not in present:
            steps.insert(_place_of(check, steps), _step(check.id, check.source, subset))
            changes.append((check.id, "the check was deleted"))
    return Submission(path, tuple(steps), tuple(changes))


def _read_code_cells(path: Path) -> list[tuple[str, str]]:
    import nbformat

    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ExerciseError(f"{path}: larger than {_MAX_BYTES >> 20} MB: clear the outputs and hand it in again")
        notebook: Any = nbformat.reads(path.read_text("utf-8"), as_version=4)
        return [(_identity(cell), str(cell.source)) for cell in notebook.cells if cell.cell_type == "code"]
    except FileNotFoundError as error:
        raise ExerciseError(f"{path}: no such file: expected a notebook (.ipynb)") from error
    except OSError as error:
        raise ExerciseError(f"{path}: cannot be read: {error.strerror}") from error
    except (nbformat.reader.NotJSONError, nbformat.ValidationError, UnicodeDecodeError) as error:
        raise ExerciseError(f"{path}: no notebook: expected an .ipynb file as Jupyter saves it") from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ExerciseError(f"{path}: a damaged notebook ({error}): save it again in Jupyter") from error


def _identity(cell: Any) -> str:
    return str(cell.metadata.get("nbgrader", {}).get("grade_id") or cell.get("id", ""))


def _first_of_each(cells: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """A copied cell keeps nbgrader's id: only the first is what it claims to be, the others are the student's own."""
    seen: set[str] = set()
    named = []
    for number, (cell_id, source) in enumerate(cells, 1):
        named.append((cell_id if cell_id and cell_id not in seen else f"cell-{number}", source))
        seen.add(cell_id)
    return named


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

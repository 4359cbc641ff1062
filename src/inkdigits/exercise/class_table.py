"""A table of the class, for a gradebook."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from inkdigits.errors import OutputError
from inkdigits.exercise.task_titles import PART_TITLES
from inkdigits.exercise.verdict import Verdict

__all__ = ["check_class_csv", "class_csv"]

_COLUMNS = (
    "submission", "outcome", "points", "possible", *PART_TITLES, "dense_accuracy", "cnn_accuracy", "seconds", "subset",
    "findings", "student", "notes",
)  # fmt: skip
_FIRST_COLUMNS = "submission,outcome,points,possible,"


def check_class_csv(path: Path) -> None:
    """Raise `OutputError` if `path` exists and is not a table that an earlier check wrote."""
    if not path.exists():
        return
    try:
        with path.open(encoding="utf-8") as file:
            ours = file.read(len(_FIRST_COLUMNS)) == _FIRST_COLUMNS
    except (OSError, UnicodeDecodeError):
        ours = False
    if not ours:
        raise OutputError(f"{path}: exists already and is no table of a class: choose another --csv")


def class_csv(verdicts: list[Verdict]) -> str:
    """A CSV line for each submission: name, outcome, points, accuracies in [0, 1], seconds, subset, findings, student.

    `subset` is empty, or the number of training pictures of a trial, whose points are no marks.

    A text that begins like a spreadsheet's formula is prefixed with an apostrophe, so that it is not run as one.
    """
    table = io.StringIO()
    writer = csv.DictWriter(table, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _plain(value) for name, value in _row(verdict).items()} for verdict in verdicts)
    return table.getvalue()


def _row(verdict: Verdict) -> dict[str, object]:
    row: dict[str, object] = {
        "submission": verdict.name,
        "outcome": verdict.outcome,
        "points": verdict.points,
        "possible": verdict.possible,
        "seconds": round(verdict.seconds, 1),
        "subset": verdict.subset,
        "findings": "; ".join(verdict.messages),
        "student": verdict.student,
        "notes": "; ".join(verdict.notes),
    }
    for part in verdict.parts:
        row[part.name] = part.points
        if f"{part.name}_accuracy" in _COLUMNS:
            row[f"{part.name}_accuracy"] = part.accuracy
    return row


def _plain(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value

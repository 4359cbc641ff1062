"""A table of the class, and HTML pages: one for each student, one for the class."""

from __future__ import annotations

import csv
import io
import re
from importlib import resources
from pathlib import Path

from inkdigits.errors import OutputError, require_extra
from inkdigits.exercise.similar import similar_submissions
from inkdigits.exercise.verdict import Verdict
from inkdigits.system.atomic_io import make_folder, write_text

__all__ = ["PART_TITLES", "check_class_csv", "class_csv", "write_feedback"]

PART_TITLES = {"prepare": "data and scores", "dense": "part 1: fully connected", "cnn": "part 2: convolutional"}


_COLUMNS = (
    "submission", "outcome", "points", "possible", *PART_TITLES, "dense_accuracy", "cnn_accuracy", "seconds", "subset",
    "findings",
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
    """A CSV line for each submission: name, outcome, points, accuracies in [0, 1], seconds, subset and findings.

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
    }
    for part in verdict.parts:
        row[part.name] = part.points
        if f"{part.name}_accuracy" in _COLUMNS:
            row[f"{part.name}_accuracy"] = part.accuracy
    return row


def _plain(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@" and value else value


def write_feedback(folder: Path, verdicts: list[Verdict]) -> None:
    """Write a page a submission and `index.html`, for the teacher, into `folder`. Raises `OutputError`."""
    require_extra("jinja2", "report", "--feedback")
    import jinja2

    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    make_folder(folder)
    pages = {
        verdict.name: f"{number:03d}-{_file_name(verdict.name)}.html" for number, verdict in enumerate(verdicts, 1)
    }
    student = environment.from_string(_template("feedback.html.jinja"))
    for verdict in verdicts:
        write_text(folder / pages[verdict.name], student.render(verdict=verdict, titles=PART_TITLES))
    index = environment.from_string(_template("class.html.jinja"))
    write_text(
        folder / "index.html",
        index.render(verdicts=verdicts, pages=pages, pairs=similar_submissions(verdicts), titles=PART_TITLES),
    )


def _template(name: str) -> str:
    return (resources.files("inkdigits.exercise") / name).read_text("utf-8")


def _file_name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name.removesuffix(".ipynb")).strip("-")[:80] or "submission"

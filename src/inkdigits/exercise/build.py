"""Builds notebooks from the master: the student's, with the package and without, the solution, and nbgrader's.

`python -m inkdigits.exercise.build docs/exercise` writes those of the repository; a test compares them with a fresh
build.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import Any

from inkdigits.errors import OutputError
from inkdigits.exercise.master import MasterCell, load_master, parse_master, solution_only, student_only
from inkdigits.exercise.paragraphs import render_text
from inkdigits.system.atomic_io import write_text

__all__ = ["Version", "build_notebook", "notebook_text", "stale_files", "write_all", "write_notebook"]


class Version(StrEnum):
    """Which notebook to build."""

    student = "student"  # blanks raise NotImplementedError
    solution = "solution"
    standalone = "standalone"  # the student's, with Keras, NumPy and matplotlib alone
    nbgrader = "nbgrader"  # the solution with nbgrader's markers, the source of `nbgrader generate_assignment`


FILES = {
    Version.student: "exercise.ipynb",
    Version.solution: "solution.ipynb",
    Version.standalone: "standalone.ipynb",
    Version.nbgrader: "nbgrader.ipynb",
}
# What the text of a notebook says that does without the package.
_STANDALONE_TEXT = (
    (
        "Nothing is downloaded: the 70,000 pictures of MNIST come with the package `inkdigits`. It runs",
        "It needs Keras 3, NumPy and matplotlib; the 70,000 pictures of MNIST are downloaded by Keras, unless the file "
        "`mnist.npz` lies beside the notebook. It runs",
    ),
    ("`inkdigits.datasets.mnist.load_data()` returns", "`load_mnist()`, which the first cell defines, returns"),
    ("with `inkdigits.stats.scores.compare_paired(labels", "with `compare_paired(labels"),
)


def build_notebook(version: Version) -> dict[str, Any]:
    """The notebook as nbformat 4.5's JSON, without outputs. The same master always gives the same bytes."""
    return {
        "cells": [_cell(cell, version) for cell in _cells_of(version)],
        "metadata": {
            "inkdigits": {"exercise": "digits", "version": version.value},
            "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _cells_of(version: Version) -> tuple[MasterCell, ...]:
    if version is not Version.standalone:
        return load_master()
    text = (resources.files("inkdigits.exercise") / "standalone.md").read_text("utf-8")
    replaced = {cell.id: cell for cell in parse_master(text)}
    return tuple(replaced.get(cell.id) or _without_package(cell) for cell in load_master())


def _without_package(cell: MasterCell) -> MasterCell:
    source = cell.source
    for text, other in _STANDALONE_TEXT if cell.kind == "markdown" else ():
        source = source.replace(text, other)
    return replace(cell, source=source)


def _cell(cell: MasterCell, version: Version) -> dict[str, Any]:
    text = _SOURCES[version](cell)
    source = text if cell.kind == "code" else render_text(text)
    built: dict[str, Any] = {
        "cell_type": cell.kind,
        "id": cell.id,
        "metadata": _metadata(cell),
        "source": source.splitlines(keepends=True),
    }
    return {**built, "execution_count": None, "outputs": []} if cell.kind == "code" else built


def _nbgrader_source(cell: MasterCell) -> str:
    """nbgrader's markers end a line; what is asked goes above, where generate_assignment keeps it."""
    lines = []
    for line in cell.source.splitlines():
        before, mark, ask = line.partition("BEGIN SOLUTION: ")
        lines += [f"{before}{ask}", f"{before}## BEGIN SOLUTION"] if mark else [line]
    return "\n".join(lines).replace("# ## BEGIN SOLUTION", "### BEGIN SOLUTION").replace("# END", "### END")


_SOURCES: dict[Version, Callable[[MasterCell], str]] = {
    Version.student: student_only,
    Version.solution: solution_only,
    Version.standalone: student_only,
    Version.nbgrader: lambda cell: _nbgrader_source(cell) if cell.kind == "code" else student_only(cell),
}


def _metadata(cell: MasterCell) -> dict[str, Any]:
    """nbgrader's metadata (schema 3); our checker identifies cells by the same `grade_id`."""
    if not cell.is_check and not cell.written_by_student:
        return {}
    by_hand = cell.kind == "markdown" and cell.written_by_student
    mark: dict[str, Any] = {
        # nbgrader wants a written answer to be one that is graded by hand.
        "grade": by_hand or cell.points > 0,
        "grade_id": cell.id,
        "locked": cell.is_check,
        "schema_version": 3,
        "solution": cell.written_by_student,
        "task": False,
    }
    if by_hand or cell.points:
        mark["points"] = cell.points
    mark["cell_type"] = cell.kind
    # Jupyter does not let checks be edited or deleted; the checker does not rely on it.
    guard = {"deletable": False, "editable": False} if cell.is_check else {"deletable": False}
    return {**guard, "nbgrader": mark}


def notebook_text(version: Version) -> str:
    """The notebook as the text of an `.ipynb` file."""
    return json.dumps(build_notebook(version), indent=1, ensure_ascii=False) + "\n"


def write_notebook(version: Version, path: Path) -> None:
    """Write a notebook. Raises `OutputError` when `path` exists: it may hold a student's work."""
    if path.exists():
        raise OutputError(f"{path}: exists already and may hold work: choose another name")
    write_text(path, notebook_text(version))


def write_all(folder: Path) -> None:
    """Write all versions into `folder`, over what is there."""
    for version, name in FILES.items():
        write_text(folder / name, notebook_text(version))


def stale_files(folder: Path) -> list[str]:
    """The names of the built notebooks in `folder` that are missing or differ from a fresh build."""
    return [
        name
        for version, name in FILES.items()
        if not (folder / name).is_file() or (folder / name).read_text("utf-8") != notebook_text(version)
    ]


if __name__ == "__main__":
    write_all(Path(sys.argv[1]))

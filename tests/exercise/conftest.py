"""Submissions made from the solution by replacing some of its cells."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from inkdigits.exercise.build import Version, build_notebook

CNN_CELLS = ("cnn-model", "cnn-train", "cnn-test", "compare")
# Enough for both networks to learn something, few enough to be quick.
SUBSET = 2000


def write_submission(
    path: Path,
    replaced: Mapping[str, str | None],
    blank: tuple[str, ...] = (),
    base: Version = Version.solution,
) -> Path:
    """Write the solution with the cells `replaced` (None: deleted) and those of `blank` as they are handed out."""
    handed_out = {cell["id"]: cell for cell in build_notebook(Version.student)["cells"]}
    notebook = build_notebook(base)
    ids = {cell["id"] for cell in notebook["cells"]}
    assert {*replaced, *blank} <= ids, "a patch names a cell that the master does not have"
    kept = [handed_out[cell["id"]] if cell["id"] in blank else cell for cell in notebook["cells"]]
    notebook["cells"] = [
        {**cell, "source": replaced.get(cell["id"], cell["source"])}
        for cell in kept
        if replaced.get(cell["id"], "") is not None
    ]
    path.write_text(json.dumps(notebook))
    return path


def solution_source(cell_id: str) -> str:
    """The solution of one cell."""
    cells = {cell["id"]: cell for cell in build_notebook(Version.solution)["cells"]}
    return "".join(cells[cell_id]["source"])


@pytest.fixture(scope="session")
def submissions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for notebooks."""
    return tmp_path_factory.mktemp("submissions")

"""The notebooks that are built from the master."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from inkdigits.errors import ExerciseError, OutputError
from inkdigits.exercise.build import Version, build_notebook, stale_files, write_all, write_notebook
from inkdigits.exercise.master import load_master, parse_master
from inkdigits.stats.scores import compare_paired

DOCS = Path(__file__).parents[2] / "docs" / "exercise"


def code(version: Version) -> dict[str, str]:
    cells = build_notebook(version)["cells"]
    return {cell["id"]: "".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"}


def test_the_built_notebooks_of_the_docs_are_fresh(tmp_path: Path) -> None:
    assert stale_files(DOCS) == [], "run: python -m inkdigits.exercise.build docs/exercise"
    write_all(tmp_path)
    (tmp_path / "solution.ipynb").write_text("{}")
    (tmp_path / "exercise.ipynb").unlink()
    assert stale_files(tmp_path) == ["exercise.ipynb", "solution.ipynb"]


@pytest.mark.parametrize("version", Version)
def test_every_version_is_a_valid_notebook_of_valid_python(version: Version) -> None:
    import nbformat  # late, since its jsonschema takes over a second

    nbformat.validate(build_notebook(version))
    for source in code(version).values():
        ast.parse(source)


def test_a_blank_raises_and_says_what_is_asked_and_gives_nothing_away() -> None:
    solution, student = code(Version.solution), code(Version.student)
    written = [cell for cell in load_master() if cell.kind == "code" and cell.written_by_student]
    assert len(written) == 16
    for cell in written:
        asks = re.findall(r'raise NotImplementedError\("(.+)"\)', student[cell.id])
        assert asks == list(cell.asks)
        assert all(len(ask) > 20 for ask in asks)
        assert "SOLUTION" not in student[cell.id] + solution[cell.id]
    for line in ("activation=", "to_categorical(", "compile(", ".fit(", "argmax(axis"):
        assert any(line in solution[cell.id] for cell in written)
        assert not any(line in student[cell.id] for cell in written)


def test_the_tasks_are_red_the_reasons_folded_and_the_figure_travels_inside() -> None:
    text = "\n".join("".join(cell["source"]) for cell in build_notebook(Version.student)["cells"])
    assert text.count("alert-danger") == text.count("Your turn.") > 16
    assert text.count("<details") == text.count("</details>") >= 20
    assert 'src="data:image/svg+xml;base64,' in text
    assert "Muhammad Rizwan" in text
    assert not re.search(r'(src|href)="http', text)


def test_a_notebook_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "exercise.ipynb"
    write_notebook(Version.student, path)
    with pytest.raises(OutputError, match="may hold work"):
        write_notebook(Version.student, path)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("```python id=a\n1\n```\n```python id=a\n2\n```\n", "two cells"),
        ("```python id=a color=red\n1\n```\n", "expected id, points"),
        ("```python id=a part=nothing\n1\n```\n", "expected id, points"),
        ("```python id=a\n# BEGIN SOLUTION: x\n1\n```\n", "do not pair"),
    ],
)
def test_a_malformed_master_is_refused(text: str, problem: str) -> None:
    with pytest.raises(ExerciseError, match=problem):
        parse_master(text)


def test_the_standalone_notebook_needs_no_inkdigits_and_has_the_same_cells_and_checks() -> None:
    standalone, student = (build_notebook(version) for version in (Version.standalone, Version.student))
    assert [cell["id"] for cell in standalone["cells"]] == [cell["id"] for cell in student["cells"]]
    assert "inkdigits" not in "".join("".join(cell["source"]) for cell in standalone["cells"])
    checks = [cell.id for cell in load_master() if cell.is_check]
    assert all(code(Version.standalone)[check] == code(Version.student)[check] for check in checks)


def test_the_standalone_comparison_is_ours() -> None:
    names: dict[str, object] = {}
    source = code(Version.standalone)["setup"]
    exec(
        "import math\nfrom types import SimpleNamespace\nimport numpy as np\n"
        + source[source.index("def compare_paired") :],
        names,
    )
    rng = np.random.default_rng(0)
    labels, first, second = rng.integers(0, 10, 300), rng.integers(0, 10, 300), rng.integers(0, 10, 300)
    first, second = np.where(rng.random(300) < 0.8, labels, first), np.where(rng.random(300) < 0.7, labels, second)
    theirs, ours = names["compare_paired"](labels, first, second), compare_paired(labels, first, second)  # type: ignore[operator]
    assert theirs.p_value == pytest.approx(ours.p_value)
    assert theirs.difference == pytest.approx(ours.difference)
    assert (theirs.n, theirs.only_first_right) == (ours.n, ours.only_first_right)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_nbgrader_makes_the_assignment_and_grades_it(tmp_path: Path) -> None:
    """nbgrader's own commands: the student's version has no solutions, autograde runs and gives points."""
    import nbformat  # late, since its jsonschema takes over a second

    course = tmp_path / "course"
    source = course / "source" / "digits"
    source.mkdir(parents=True)
    write_notebook(Version.nbgrader, source / "digits.ipynb")
    nbgrader(course, "generate_assignment", "digits")
    released = course / "release" / "digits" / "digits.ipynb"
    text = released.read_text()
    assert "BEGIN SOLUTION" not in text
    assert "to_categorical(y_train, 10)" not in text
    assert text.count("raise NotImplementedError()") == 18
    # A student who did the first tasks and none of those that train.
    notebook = nbformat.read(released, as_version=4)
    solved = code(Version.solution)
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") in ("load", "counts", "shape", "scale"):
            cell.source = solved[cell.metadata.nbgrader.grade_id]
        elif "assert y_train.min() == 0" in cell.source:
            cell.source = "pass  # nbgrader puts the check back"
    submitted = course / "submitted" / "ada" / "digits"
    submitted.mkdir(parents=True)
    nbformat.write(notebook, submitted / "digits.ipynb")
    nbgrader(course, "autograde", "digits", "--create")
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course}/gradebook.db") as book:
        graded = book.find_submission("digits", "ada")
        # Four checks of a point each; two more points are for text that a person reads.
        assert (graded.score, graded.max_score) == (4, 33)


def nbgrader(course: Path, *arguments: str) -> None:
    command = [sys.executable, "-m", "nbgrader", *arguments, f"--course-dir={course}"]
    # nbgrader calls alembic by its bare name, which stands beside this Python.
    path = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=course, env=path, check=False)
    assert done.returncode == 0, done.stderr[-3000:]

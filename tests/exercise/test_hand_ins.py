"""Every student has one hand-in, whatever platform it comes from and whatever it is."""

from __future__ import annotations

import io
import json
import os
import zipfile
from pathlib import Path

import pytest

from inkdigits.errors import ExerciseError
from inkdigits.exercise.build import Version, build_notebook
from inkdigits.exercise.hand_ins import HandIn, find_hand_ins
from inkdigits.exercise.roster import missing_students, read_roster

NOTEBOOK = json.dumps(build_notebook(Version.student))


def write(path: Path, content: str | bytes = NOTEBOOK, age: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    os.utime(path, (10**9 - age, 10**9 - age))
    return path


def found(tmp_path: Path) -> dict[str, HandIn]:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    return {one.student: one for one in find_hand_ins([tmp_path / "class"], workspace)}


def archive(files: dict[str, str | bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        for name, text in files.items():
            file.writestr(name, text)
    return content.getvalue()


LAYOUTS = {
    "Moodle's folders": ("Anna Müller_1234_assignsubmission_file_/exercise.ipynb", "Anna Müller"),
    "Moodle's files": ("Anna Müller_1234_assignsubmission_file_exercise.ipynb", "Anna Müller"),
    "Canvas's": ("muelleranna_12345_678901_exercise-1.ipynb", "muelleranna"),
    "Canvas's, late": ("muelleranna_LATE_12345_678901_exercise.ipynb", "muelleranna"),
    "nbgrader's": ("submitted/anna/digits/digits.ipynb", "anna"),
    "a folder each": ("anna/work/exercise.ipynb", "anna"),
    "a file each": ("anna.ipynb", "anna"),
    "other letters": ("张伟_77_assignsubmission_file_/练习.ipynb", "张伟"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_students_are_told_by_the_names_that_platforms_give(tmp_path: Path, layout: str) -> None:
    name, student = LAYOUTS[layout]
    path = write(tmp_path / "class" / name)
    (one,) = found(tmp_path).values()
    assert (one.student, one.path) == (student, path)


def test_the_newest_notebook_of_the_exercise_counts_and_the_row_says_so(tmp_path: Path) -> None:
    write(tmp_path / "class" / "anna" / "old.ipynb", age=100)
    newest = write(tmp_path / "class" / "anna" / "new.ipynb", age=50)
    write(
        tmp_path / "class" / "anna" / "scratch.ipynb",
        '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
    )
    (one,) = found(tmp_path).values()
    assert one.path == newest
    assert "old.ipynb" in one.notes[0]
    assert "new.ipynb" in one.notes[0]


def test_archives_are_opened_also_inside_one_another_without_what_systems_add(tmp_path: Path) -> None:
    inner = archive({"work/exercise.ipynb": NOTEBOOK, "__MACOSX/._exercise.ipynb": b"\0", "work/.hidden.ipynb": "{}"})
    write(tmp_path / "class" / "anna.zip", archive({"inner.zip": inner}))
    write(tmp_path / "class" / "ben.zip", b"no zip at all")
    write(tmp_path / "class" / "cy.zip", archive({"../../../outside.ipynb": NOTEBOOK}))
    students = found(tmp_path)
    assert [students[name].path is not None for name in ("anna", "ben", "cy")] == [True, False, True]
    assert "cannot be opened" in students["ben"].notes[0]
    assert not list(tmp_path.rglob("outside.ipynb"))[1:]
    assert (tmp_path / "workspace") in (students["cy"].path or Path()).parents


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("exercise.html", "a web page"),
        ("exercise.py", "a Python program"),
        ("exercise.pdf", "a PDF"),
        (None, "handed in nothing"),
    ],
)
def test_what_is_no_notebook_has_a_row_that_says_what_it_is(tmp_path: Path, name: str | None, words: str) -> None:
    folder = tmp_path / "class" / "Anna Müller_1234_assignsubmission_file_"
    folder.mkdir(parents=True)
    if name:
        write(folder / name, "x")
    (one,) = found(tmp_path).values()
    assert (one.student, one.path) == ("Anna Müller", None)
    assert words in (one.problem or "")


def test_jupyters_copies_are_left_out_and_nothing_at_all_is_an_error(tmp_path: Path) -> None:
    write(tmp_path / "class" / ".ipynb_checkpoints" / "a.ipynb")
    with pytest.raises(ExerciseError, match="expected at least one"):
        found(tmp_path)
    with pytest.raises(ExerciseError, match="no such file or folder: expected"):
        find_hand_ins([tmp_path / "missing"], tmp_path)


def test_the_roster_names_who_handed_in_nothing_however_names_are_written(tmp_path: Path) -> None:
    roster = tmp_path / "roster.csv"
    roster.write_text(
        "\ufeffVorname;Nachname;Matrikel;E-Mail\nAnna;Müller;7;am@x.org\nBen;Ode;8;bo@x.org\nCy;Pi;9;cp@x.org\nDi;Que;10;dq@x.org\n"
    )
    handed_in = [
        HandIn("Müller Anna", ""),
        HandIn("odeben", ""),
        HandIn("somebody", "", number="9"),
        HandIn("nobody", ""),
    ]
    missing, unexpected = missing_students(read_roster(roster), handed_in)
    assert (missing, unexpected) == (["Di Que"], ["nobody"])


def test_files_that_are_named_one_by_one_are_one_student_each(tmp_path: Path) -> None:
    paths = [write(tmp_path / folder / "work.ipynb") for folder in ("a", "b")]
    assert sorted(str(one.path) for one in find_hand_ins(paths, tmp_path)) == sorted(map(str, paths))


def test_a_folder_around_the_whole_class_is_no_student(tmp_path: Path) -> None:
    for name in ("anna", "ben"):
        write(tmp_path / "class" / "submissions" / name / "work.ipynb")
    assert set(found(tmp_path)) == {"anna", "ben"}

"""A class is checked one verdict after another, each on the disk before the next, and resumed by the same command."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from inkdigits.exercise import check
from inkdigits.exercise.build import Version, build_notebook
from inkdigits.exercise.class_check import ClassOptions, check_class
from inkdigits.exercise.roster import RosterEntry
from inkdigits.exercise.trial import TrialSetting
from inkdigits.exercise.verdict import AssertResult, CellResult, Finding, PartResult, Verdict
from inkdigits.exercise.verdict_log import VerdictLog

GRADED = Verdict(
    "x", "failed", (PartResult("dense", 2.5, 9, 0.98, None, ("dense-test",)),),
    (CellResult("check-load", "prepare", 0.1, "ok", "", (AssertResult("a", "passed"),), True),),
    (Finding("k", "message", voids=True, reaches=("dense",)),), 3.0, ("code",), (("explain", "words"),),
    {"load": "x = 1"},
)  # fmt: skip


@pytest.fixture
def graded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    calls: list[str] = []

    def grade(path: Path, _: TrialSetting) -> Verdict:
        calls.append(path.stem)
        return replace(GRADED, name=path.name)

    monkeypatch.setattr(check, "grade_submission", grade)
    return calls


def write_class(folder: Path) -> None:
    folder.mkdir()
    for number, name in enumerate(("ann", "ben", "cy")):
        notebook = build_notebook(Version.student)
        notebook["cells"][0]["source"] = f"# {number}"
        (folder / f"{name}.ipynb").write_text(json.dumps(notebook))
    (folder / "dee.html").write_text("<html>")


def test_the_same_command_resumes_and_a_changed_notebook_is_checked_again(tmp_path: Path, graded: list[str]) -> None:
    write_class(tmp_path / "class")
    options = ClassOptions(
        subset=2000, jobs=1, log=tmp_path / "log.jsonl", roster=(RosterEntry("Eve", frozenset({"eve"})),)
    )
    first = check_class([tmp_path / "class"], options)
    assert [verdict.student for verdict in first] == ["ann", "ben", "cy", "dee", "Eve"]
    assert [verdict.outcome for verdict in first] == ["failed", "failed", "failed", "unreadable", "missing"]
    assert "a web page" in first[3].messages[0]
    # A kill in the middle of a line loses that line alone.
    log = tmp_path / "log.jsonl"
    log.write_bytes(log.read_bytes()[:-30])
    again = check_class([tmp_path / "class"], options)
    assert graded == ["ann", "ben", "cy", "cy"]
    assert again == first
    with (tmp_path / "class" / "ann.ipynb").open("a") as file:
        file.write(" ")
    check_class([tmp_path / "class"], options)
    check_class([tmp_path / "class"], replace(options, subset=3000))
    assert graded[4:] == ["ann", "ann", "ben", "cy"]


def test_verdicts_are_told_as_they_come_with_all_so_far(tmp_path: Path, graded: list[str]) -> None:
    write_class(tmp_path / "class")
    told: list[tuple[str, int]] = []
    check_class(
        [tmp_path / "class"],
        ClassOptions(subset=2000, jobs=1),
        lambda one, so_far: told.append((one.name, len(so_far))),
    )
    assert [count for _, count in told] == [1, 2, 3, 4]


def test_a_verdict_is_read_as_it_was_written(tmp_path: Path) -> None:
    VerdictLog(tmp_path / "log").add("a", GRADED)
    assert VerdictLog(tmp_path / "log").get("a") == GRADED


def test_notebooks_of_the_same_name_are_told_apart(tmp_path: Path, graded: list[str]) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "work.ipynb").write_text(json.dumps(build_notebook(Version.student)))
    verdicts = check_class(
        [tmp_path / "a" / "work.ipynb", tmp_path / "b" / "work.ipynb"], ClassOptions(subset=2000, jobs=1)
    )
    assert graded == ["work", "work"]
    assert len({verdict.name for verdict in verdicts}) == 2

from __future__ import annotations

import json
from pathlib import Path

import pytest

from inkdigits.errors import ExerciseError
from inkdigits.exercise.build import Version, build_notebook
from inkdigits.exercise.master import check_cells
from inkdigits.exercise.submission import SUBSET_BARS, bar_of, read_submission
from tests.exercise.conftest import write_submission


def test_every_check_stands_where_the_master_has_it_however_it_was_handed_in(tmp_path: Path) -> None:
    whole = read_submission(write_submission(tmp_path / "whole.ipynb", {}))
    gaps = dict.fromkeys(["check-load", "check-shape", "check-dense-test", "check-compare"])
    restored = read_submission(write_submission(tmp_path / "gaps.ipynb", gaps))
    assert [step.id for step in restored.steps] == [step.id for step in whole.steps]
    assert [step.source for step in restored.steps] == [step.source for step in whole.steps]
    assert dict(restored.changes) == dict.fromkeys(gaps, "the check was deleted")
    assert whole.changes == ()


def test_a_copied_check_does_not_replace_the_check(tmp_path: Path) -> None:
    path = write_submission(tmp_path / "copied.ipynb", {})
    notebook = json.loads(path.read_text())
    position = next(number for number, cell in enumerate(notebook["cells"]) if cell["id"] == "check-dense-test")
    copy = {**notebook["cells"][position], "id": "copy", "source": "print('mine')"}
    notebook["cells"].insert(position + 1, copy)
    path.write_text(json.dumps(notebook))
    steps = read_submission(path).steps
    assert [step.id for step in steps if step.check] == list(check_cells())
    assert "print('mine')" in [step.source for step in steps]


def test_cells_are_known_by_nbgraders_name_where_an_old_jupyter_dropped_theirs(tmp_path: Path) -> None:
    notebook = build_notebook(Version.solution)
    for cell in notebook["cells"]:
        del cell["id"]
    path = tmp_path / "old.ipynb"
    path.write_text(json.dumps({**notebook, "nbformat_minor": 2}))
    assert read_submission(path).changes == ()


def test_only_the_checker_scales_bars(tmp_path: Path) -> None:
    path = write_submission(tmp_path / "whole.ipynb", {})
    bars = {step.id: bar_of(step) for step in read_submission(path).steps if step.id in SUBSET_BARS}
    assert bars == {"check-dense-test": 0.975, "check-cnn-test": 0.985, "check-compare": 0}
    small = {step.id: bar_of(step) for step in read_submission(path, subset=True).steps if step.id in SUBSET_BARS}
    assert small == SUBSET_BARS


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"cells": 3}', "\x00\xff", '{"nbformat": 4, "cells": [{}]}'])
def test_what_is_no_notebook_is_refused_in_words(tmp_path: Path, content: str) -> None:
    path = tmp_path / "broken.ipynb"
    path.write_text(content)
    with pytest.raises(ExerciseError, match="notebook"):
        read_submission(path)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("version", [Version.solution, Version.student, Version.standalone])
def test_cells_are_known_by_what_they_hold_where_an_editor_dropped_every_name(
    tmp_path: Path, version: Version, encoding: str
) -> None:
    notebook = build_notebook(version)
    wanted = [cell["id"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for place, cell in enumerate(notebook["cells"]):
        cell["id"], cell["metadata"] = f"{place:08x}", {"id": f"colab-{place}"}
    path = tmp_path / "colab.ipynb"
    path.write_text(json.dumps(notebook, ensure_ascii=False), encoding=encoding)
    submission = read_submission(path)
    assert [step.id for step in submission.steps] == wanted
    assert submission.changes == ()


def test_a_changed_check_without_its_name_is_still_that_check(tmp_path: Path) -> None:
    notebook = build_notebook(Version.solution)
    for place, cell in enumerate(notebook["cells"]):
        if cell["id"] == "check-dense-test":
            cell["source"] = "".join(cell["source"]).replace("0.975", "0.5")
        cell["id"], cell["metadata"] = f"{place:08x}", {}
    (tmp_path / "a.ipynb").write_text(json.dumps(notebook))
    ((check, change),) = read_submission(tmp_path / "a.ipynb").changes
    assert check == "check-dense-test"
    assert "from 0.975 to 0.5" in change


def test_a_notebook_that_ends_after_part_1_has_deleted_nothing(tmp_path: Path) -> None:
    later = [cell["id"] for cell in build_notebook(Version.solution)["cells"]]
    later = later[later.index("cnn-model") :]
    submission = read_submission(write_submission(tmp_path / "a.ipynb", dict.fromkeys(later)))
    assert submission.changes == ()
    assert [step.id for step in submission.steps if step.check] == list(check_cells())


def test_answers_in_words_are_kept_and_a_blank_is_none(tmp_path: Path) -> None:
    path = write_submission(tmp_path / "a.ipynb", {"explain": "No softmax, and not scaled."}, ("overfitting",))
    answers = dict(read_submission(path).answers)
    assert answers["explain"] == "No softmax, and not scaled."
    assert answers["overfitting"] == ""


def test_lines_that_install_something_are_left_out(tmp_path: Path) -> None:
    path = write_submission(
        tmp_path / "a.ipynb", {"load": "!pip install keras\n%tensorflow_version 2.x\n%matplotlib inline\nx = 1"}
    )
    source = next(step.source for step in read_submission(path).steps if step.id == "load")
    assert source == "pass\npass\n%matplotlib inline\nx = 1"

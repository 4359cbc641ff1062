from __future__ import annotations

import csv
from pathlib import Path

import pytest

from inkdigits.errors import OutputError
from inkdigits.exercise.feedback import check_class_csv, class_csv, write_feedback
from inkdigits.exercise.verdict import CellResult, Finding, PartResult, Verdict


def verdict(name: str, message: str = "not scaled") -> Verdict:
    part = PartResult("dense", 7.5, 9, 0.9812, 0.975)
    return Verdict(name, "failed", (part,), (), (Finding("x", message),), 12.3)


def test_the_table_runs_no_formula_and_holds_a_line_each() -> None:
    rows = list(csv.DictReader(class_csv([verdict("=HYPERLINK(1).ipynb"), verdict("b.ipynb")]).splitlines()))
    assert [row["submission"] for row in rows] == ["'=HYPERLINK(1).ipynb", "b.ipynb"]
    assert (rows[0]["points"], rows[0]["dense_accuracy"], rows[0]["cnn_accuracy"]) == ("7.5", "0.9812", "")


def test_pages_show_what_students_wrote_as_text(tmp_path: Path) -> None:
    write_feedback(tmp_path, [verdict("<script>a.ipynb", message="<script>alert(1)</script>"), verdict("a/b.ipynb")])
    pages = sorted(page.name for page in tmp_path.iterdir())
    assert pages == ["001-script-a.html", "002-a-b.html", "index.html"]
    text = "".join((tmp_path / page).read_text() for page in pages)
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "98.12 %" in text


def test_a_failure_without_a_finding_names_the_bar_that_it_missed(tmp_path: Path) -> None:
    parts = (PartResult("dense", 9, 9, 0.9, 0.85), PartResult("cnn", 8, 10, 0.76, 0.8))
    short = Verdict("a.ipynb", "failed", parts)
    message = "part 2: accuracy 76.00 %, expected above 80 %"
    assert short.messages == [message]
    assert next(csv.DictReader(class_csv([short]).splitlines()))["findings"] == message
    write_feedback(tmp_path, [short])
    assert all(message in page.read_text() for page in tmp_path.iterdir())
    broken = Verdict("a.ipynb", "failed", (), (CellResult("load", "prepare", 0.1, "error", "NameError: x"),))
    assert broken.messages == ["load: NameError: x"]


def test_only_a_table_of_a_class_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "class.csv").write_text(class_csv([verdict("a")]))
    check_class_csv(tmp_path / "class.csv")
    (tmp_path / "marks.csv").write_text("name,mark")
    with pytest.raises(OutputError, match="is no table of a class: choose another --csv"):
        check_class_csv(tmp_path / "marks.csv")

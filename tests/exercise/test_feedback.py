from __future__ import annotations

import csv
from pathlib import Path

import pytest

from inkdigits.errors import OutputError
from inkdigits.exercise.class_table import check_class_csv, class_csv
from inkdigits.exercise.feedback import write_feedback
from inkdigits.exercise.verdict import AssertResult, CellResult, Finding, PartResult, Verdict


def verdict(name: str, message: str = "not scaled") -> Verdict:
    part = PartResult("dense", 7.5, 9, 0.9812, 0.975)
    findings = (Finding("x", message, "dense-train", "dense", fails=True, next_step="train longer"),)
    cell = CellResult(
        "check-dense-train", "dense", 0.0, "error", "no", (AssertResult("n > 2", "failed", "too few"),), True
    )
    sources = {"dense-train": "fit(<b>my code</b>)"}
    return Verdict(name, "failed", (part,), (cell,), findings, 12.3, answers=(("explain", ""),), sources=sources)


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


def test_a_students_page_has_titles_points_a_check_the_code_and_a_field_for_marks(tmp_path: Path) -> None:
    write_feedback(tmp_path, [verdict("a.ipynb")])
    page = (tmp_path / "001-a.html").read_text()
    for words in (
        "Train the fully connected network",
        "too few",
        "0 of 2",
        "fit(&lt;b&gt;my code&lt;/b&gt;)",
        "train longer",
    ):
        assert words in page, words
    assert "No answer." in page
    assert 'type="number"' in page
    assert ">dense-train<" not in page


def test_the_class_page_says_who_needs_help_first_and_what_was_missed(tmp_path: Path) -> None:
    best = Verdict("z.ipynb", "passed", (PartResult("dense", 9, 9, 0.99, 0.975),), student="Zoe")
    missing = Verdict("Ann", "missing", (PartResult("dense", 0, 9),), student="Ann", notes=("handed in nothing",))
    write_feedback(tmp_path, [best, verdict("b.ipynb"), missing])
    page = (tmp_path / "index.html").read_text()
    places = [page.index(f">{name}<") for name in ("Ann", "b.ipynb", "Zoe")]
    assert places == sorted(places)
    assert "2 graded, 1 passed, 1 handed in nothing" in page
    missed = page.partition("Missed most often")[2].partition("Who needs")[0]
    assert "Train the fully connected network" in missed

"""A class goes on to its end, whatever one notebook does to the checker."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from inkdigits.exercise import check
from inkdigits.exercise.parsing import problem_of
from inkdigits.exercise.similar import similar_submissions
from inkdigits.exercise.tampering import describe_change
from inkdigits.exercise.verdict import Verdict


@pytest.mark.parametrize("error", [KeyError("a rule\nthat nobody tried"), MemoryError(), RecursionError("deep")])
def test_a_failure_of_the_checker_costs_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def judge(path: Path, *_: Any, **__: Any) -> Verdict:
        if path.stem == "strange":
            raise error
        return Verdict(path.name, "passed")

    monkeypatch.setattr(check, "judge", judge)
    strange, honest = check.check_submissions([tmp_path / "strange.ipynb", tmp_path / "honest.ipynb"], subset=2000)
    assert (strange.outcome, honest.outcome) == ("failed", "passed")
    (told,) = strange.told
    assert told.startswith(f"the checker failed on it ({type(error).__name__}: ")
    assert "\n" not in told
    assert strange.possible > 0


def test_a_submission_that_was_stopped_is_called_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = threading.Event()
    told: list[str] = []

    def judge(path: Path, *_: Any, stop: threading.Event, **__: Any) -> Verdict:
        begun.set()
        stop.wait(30)
        return Verdict(path.name, "failed")

    def stopped(*_: Any) -> Any:
        begun.wait(30)
        raise KeyboardInterrupt

    monkeypatch.setattr(check, "judge", judge)
    monkeypatch.setattr(check, "list", stopped, raising=False)
    with pytest.raises(KeyboardInterrupt):
        check.check_submissions([tmp_path / "a.ipynb"], subset=2000, done=lambda verdict: told.append(verdict.outcome))
    assert told == ["stopped"]


@pytest.mark.parametrize("code", ["half = '\ud83d'", "-" * 20_000 + "1"])
def test_what_no_parser_takes_is_told_and_harms_no_one(code: str) -> None:
    assert (problem_of(code) or "").startswith("a cell ")
    assert "no valid Python" in (describe_change("assert n > 2", code) or "")
    assert similar_submissions([Verdict("a", "failed", code=(code,)), Verdict("b", "failed", code=(code,))]) == []


def test_ordinary_mistakes_are_left_to_the_kernel_which_names_them() -> None:
    assert [problem_of(code) for code in ("x = 1", "x = (", "\0")] == [None, None, None]


def test_a_check_that_is_nested_too_deep_was_changed() -> None:
    assert "changed" in (describe_change("n = 1", "n = " + "(" * 90 + "-" * 600 + "1" + ")" * 90) or "")

"""A class is graded to its end, whatever one notebook does to the checker."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from inkdigits.exercise import check
from inkdigits.exercise.trial import TrialSetting
from inkdigits.exercise.verdict import Verdict


@pytest.mark.parametrize("error", [KeyError("a rule\nthat nobody tried"), MemoryError(), RecursionError("deep")])
def test_a_failure_of_the_checker_costs_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def grade(path: Path, _: TrialSetting) -> Verdict:
        if path.stem == "strange":
            raise error
        return Verdict(path.name, "passed")

    monkeypatch.setattr(check, "grade_submission", grade)
    strange, honest = check.check_submissions([tmp_path / "strange.ipynb", tmp_path / "honest.ipynb"], subset=2000)
    assert (strange.outcome, honest.outcome) == ("failed", "passed")
    (message,) = strange.messages
    assert message.startswith(f"the checker failed on it ({type(error).__name__}: ")
    assert "\n" not in message
    assert strange.possible > 0


def test_a_submission_that_was_stopped_is_called_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = threading.Event()
    outcomes: list[str] = []

    def grade(path: Path, setting: TrialSetting) -> Verdict:
        begun.set()
        setting.stop.wait(30)
        return Verdict(path.name, "failed")

    def stopped(*_: Any) -> Any:
        begun.wait(30)
        raise KeyboardInterrupt

    monkeypatch.setattr(check, "grade_submission", grade)
    monkeypatch.setattr(check, "list", stopped, raising=False)
    with pytest.raises(KeyboardInterrupt):
        check.check_submissions(
            [tmp_path / "a.ipynb"], subset=2000, done=lambda verdict: outcomes.append(verdict.outcome)
        )
    assert outcomes == ["stopped"]

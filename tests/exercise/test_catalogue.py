"""Every classic mistake of the catalogue is named; in a file of its own, so that it runs beside `test_grade.py`."""

from __future__ import annotations

from pathlib import Path

import pytest

from inkdigits.exercise.verdict import Verdict
from tests.exercise.catalogue import MISTAKES
from tests.exercise.conftest import check, write_submission

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def messages(verdict: Verdict, key: str) -> list[str]:
    return [finding.message for finding in verdict.findings if finding.key == key]


@pytest.fixture(scope="module")
def graded_mistakes(submissions: Path) -> dict[str, Verdict]:
    folder = submissions / "mistakes"
    folder.mkdir()
    return check([write_submission(folder / f"{name}.ipynb", m.cells, m.blank) for name, m in MISTAKES.items()])


@pytest.mark.parametrize("name", MISTAKES)
def test_a_classic_mistake_is_named(graded_mistakes: dict[str, Verdict], name: str) -> None:
    mistake, verdict = MISTAKES[name], graded_mistakes[name]
    assert verdict.outcome == "failed"
    found = messages(verdict, mistake.key)
    assert any(mistake.words in message for message in found), verdict.findings

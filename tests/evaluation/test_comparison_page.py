"""The page of a comparison."""

from __future__ import annotations

import json
from pathlib import Path

from tests.conftest import Cli
from tests.evaluation.conftest import MakeRun


def test_the_page_shows_every_picture_that_is_read_differently(
    make_run: MakeRun, main_here: Cli, tmp_path: Path
) -> None:
    one, other = make_run("one", wrong=9, seed=1), make_run("other", wrong=12, seed=2)
    result = main_here("compare", one.path, other.path, "--html", tmp_path / "page.html", "--json")
    again = main_here("compare", one.path, other.path, "--html", tmp_path / "page.html")
    assert (again.returncode, again.stdout) == (2, "")
    assert "page.html: exists already: choose another --html" in again.stderr
    assert result.returncode == 0, result.stderr
    printed = json.loads(result.stdout)
    page = (tmp_path / "page.html").read_text()
    assert page.count("data:image/png;base64,") == len(printed["pairs"][0]["files"]["disagreements"]) > 9
    assert not any(remote in page for remote in ('src="http', "url(http", "<link", "<script"))

"""`export`: mistakes."""

from __future__ import annotations

from tests.cli.one_line import assert_one_line
from tests.conftest import Cli


def test_a_shipped_model_is_not_a_run(main_here: Cli) -> None:
    assert_one_line(main_here("export", "cnn"), "cnn is a shipped model, not a run")

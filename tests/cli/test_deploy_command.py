"""`deploy`: mistakes, and the config file; deploying itself is tested in tests/cluster."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from tests.cli.one_line import assert_one_line
from tests.conftest import Cli

pytestmark = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="deploy needs Ray")


def test_fewer_replicas_at_most_than_at_least_are_refused(main_here: Cli) -> None:
    assert_one_line(main_here("deploy", "--replicas", 3, "--max-replicas", 2), "--max-replicas 2", "--replicas 3")


def test_a_config_replaces_no_file(main_here: Cli, tmp_path: Path) -> None:
    (tmp_path / "serve.yaml").write_text("precious")
    assert_one_line(main_here("deploy", "--write", tmp_path / "serve.yaml"), "exists already")
    assert (tmp_path / "serve.yaml").read_text() == "precious"


def test_other_machines_need_a_token(main_here: Cli) -> None:
    assert_one_line(main_here("deploy", "--host", "0.0.0.0"), "0.0.0.0", "--token-file")

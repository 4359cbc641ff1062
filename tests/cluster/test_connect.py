"""What every command that needs Ray prints where Ray is not installed, or no cluster answers."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from inkdigits.cluster.connect import connected
from tests.cli.one_line import assert_one_line
from tests.conftest import Cli


@pytest.mark.parametrize(
    ("command", "needed_by"),
    [
        (["deploy"], "inkdigits deploy"),
        (["deploy", "--write", "serve.yaml"], "inkdigits deploy"),
        (["seeds", "dense", "--engine", "ray"], "--engine ray"),
        (["tune", "dense", "--engine", "ray"], "--engine ray"),
        (["batch", "scans", "--out", "results", "--engine", "ray"], "--engine ray"),
    ],
)
def test_one_line_says_what_to_install(
    main_here: Cli, monkeypatch: pytest.MonkeyPatch, command: list[str], needed_by: str, tmp_path: Path
) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name, *more: None if name == "ray" else find_spec(name))
    (tmp_path / "scans").mkdir()
    monkeypatch.chdir(tmp_path)
    result = main_here(*command)
    assert (result.returncode, result.stdout) == (2, "")
    expected = f"{needed_by} needs ray, which is not installed: pip install 'inkdigits[cluster]'"
    assert result.stderr == f"inkdigits: {expected}\n"


def test_what_ray_prints_is_no_result(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    ray = SimpleNamespace(is_initialized=lambda: True, shutdown=lambda: None)
    monkeypatch.setitem(sys.modules, "ray", ray)
    monkeypatch.setattr("inkdigits.cluster.connect.require_extra", lambda *_: None)
    with connected(None):
        print("(raylet) The node 127.0.0.2 has been marked dead")
    print("20 read")
    assert capsys.readouterr() == ("20 read\n", "(raylet) The node 127.0.0.2 has been marked dead\n")


@pytest.mark.ray
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("command", ["batch", "seeds"])
def test_no_cluster_is_one_line(main_here: Cli, command: str, tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    source = tmp_path / "*.png" if command == "batch" else "dense"
    result = main_here(command, source, "--out", tmp_path / "out", "--engine", "ray", "--address", "127.0.0.1:1")
    assert_one_line(result, "--address 127.0.0.1:1: no Ray cluster answers there")

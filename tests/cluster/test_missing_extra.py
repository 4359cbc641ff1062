"""What every command that needs Ray says where it is not installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

WITHOUT_RAY = """
import importlib.util
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: None if name == "ray" else found(name, *more)
from inkdigits.cli import main
main()
"""


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
def test_one_line_says_what_to_install(command: list[str], needed_by: str, tmp_path: Path) -> None:
    (tmp_path / "scans").mkdir()
    result = subprocess.run(
        [sys.executable, "-c", WITHOUT_RAY, *command],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=tmp_path,
    )
    assert result.returncode == 2
    told = f"{needed_by} needs ray, which is not installed: pip install 'inkdigits[cluster]'"
    assert result.stderr == f"inkdigits: {told}\n"

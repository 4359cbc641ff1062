"""What the shell completes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("inkdigits train de", ["dense"]),
        ("inkdigits train dense --recipe s", ["standard", "sprint"]),
        ("inkdigits train dense --recipe mi", ["mine.toml"]),
        ("inkdigits evaluate runs/o", ["runs/one"]),
        ("inkdigits train --resume ru", ["runs/one"]),
        ("inkdigits compare d", ["dense"]),
        ("inkdigits explain r", ["reader", "runs/one"]),
        ("inkdigits read --model o", ["own.onnx"]),
        ("inkdigits serve --model runs/", ["runs/one"]),
    ],
)
def test_names_are_completed(typed: str, offered: list[str], tmp_path: Path) -> None:
    (tmp_path / "runs" / "one").mkdir(parents=True)
    (tmp_path / "runs" / "one" / "config.json").write_text("{}")
    (tmp_path / "mine.toml").write_text("")
    (tmp_path / "own.onnx").write_text("")
    words = typed.split()
    asked = {"_INKDIGITS_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(len(words) - 1)}
    code = "import sys; sys.argv = ['inkdigits']; from inkdigits.cli import main; main()"
    command = [sys.executable, "-c", code]
    result = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, **asked}, capture_output=True, text=True, check=False
    )
    assert result.stdout.split() == offered, result.stderr

"""What `mypy --strict` says of a user's script."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("user_script.py")


def _mypy(script: Path, folder: Path) -> str:
    """Without the configuration of this project, as a user runs it."""
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", os.devnull, "--cache-dir", ".mypy", script]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


@pytest.mark.slow
def test_a_users_script_has_types(tmp_path: Path) -> None:
    assert _mypy(SCRIPT, tmp_path) == "Success: no issues found in 1 source file\n"
    wrong = tmp_path / "wrong.py"
    wrong.write_text(
        "import inkdigits\n"
        "inkdigits.readd('a.png')\n"
        "inkdigits.read(3)\n"
        "inkdigits.train('dense', epochs=3)\n"
        "inkdigits.DigitClassifier().fitt([[0]], [1])\n"
        "inkdigits.evaluate('cnn').acuracy\n"
        "inkdigits.read('a.png').string + 1\n"
    )
    told = _mypy(wrong, tmp_path).splitlines()
    assert [line.split(":")[1] for line in told if ": error:" in line] == ["2", "3", "4", "5", "6", "7"]

"""The commands of the README and the guide that are marked `served`, run as they stand against a real server."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from inkdigits.datasets.labelled import LabelledDigits
from tests.serving.server import Served, png

ROOT = Path(__file__).parents[2]


def _block(page: str, language: str) -> str:
    (text,) = re.findall(rf"```{language} served\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    return str(text)


def test_the_readmes_serve_and_curl(served: Served, digits: LabelledDigits, tmp_path: Path) -> None:
    serve, curl = _block("README.md", "sh").strip().splitlines()
    assert serve.split()[:2] == ["inkdigits", "serve"]
    (tmp_path / "digit.png").write_bytes(png(digits.images[0]))
    answer = _run([*curl.replace("8000", str(served.port)).split(), "--silent", "--fail"], tmp_path)
    assert '"string":"7"' in answer


def test_the_guides_client_of_triton(served: Served, tmp_path: Path) -> None:
    script = _block("docs/guides/serving.md", "python").replace("8000", str(served.port))
    assert "[[" in _run([sys.executable, "-W", "ignore", "-c", script], tmp_path)


def _run(command: list[str], folder: Path) -> str:
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout

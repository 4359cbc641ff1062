"""The README's three commands, run as they stand against a real server."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from inkdigits.datasets.labelled import LabelledDigits
from tests.serving.server import Served, png

README = (Path(__file__).parents[2] / "README.md").read_text()


def test_serve_curl_and_tritons_client(served: Served, digits: LabelledDigits, tmp_path: Path) -> None:
    (commands,) = [block for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) if "inkdigits serve" in block]
    serve, curl, ask = commands.strip().splitlines()
    assert serve.split()[:2] == ["inkdigits", "serve"]
    (tmp_path / "digit.png").write_bytes(png(digits.images[0]))
    (script,) = re.findall(r"```py\n(.*?)```", README, re.DOTALL)
    (tmp_path / ask.split()[-1]).write_text(script.replace("8000", str(served.port)))
    told = _run([*curl.replace("8000", str(served.port)).split(), "--silent", "--fail"], tmp_path)
    assert '"string":"7"' in told
    assert "[[" in _run([sys.executable, "-W", "ignore", *ask.split()[1:]], tmp_path)


def _run(command: list[str], folder: Path) -> str:
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout

"""A first hour with nothing but a wheel: what README and guides show is done word for word.

Each person has a fresh environment with the extras that the guide tells them to install.
"""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.journeys.foreign_lookups import foreign_lookups, traced
from tests.journeys.fresh_environment import fresh_environment, run
from tests.test_documentation import ROOT, blocks_of, prepare

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
Install = Callable[..., Path]


@pytest.fixture(scope="module")
def install(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Install:
    """Makes an environment with the wheel and some extras, and returns the folder of its programs."""
    made: dict[tuple[str, ...], Path] = {}

    def programs(*extras: str) -> Path:
        if extras not in made:
            made[extras] = fresh_environment(tmp_path_factory.mktemp("environment") / "venv", wheel, extras)
        return made[extras]

    return programs


def commands(page: str, *containing: str) -> str:
    """The commands of the first block of `page` that holds all of those words, each on a line."""
    block = next(one for one in blocks_of(ROOT / page) if all(word in one.text for word in containing))
    lines = block.text.splitlines()
    return (
        "".join(f"{line[2:]}\n" for line in lines if line.startswith("$ "))
        if block.language == "console"
        else block.text
    )


def _ok(programs: Path, folder: Path, script: str) -> str:
    """What the script prints; it has to succeed, and to reach no other machine."""
    with tempfile.TemporaryDirectory() as place:
        calls = Path(place) / "calls.txt"
        result = run(programs, folder, traced(script, calls))
        assert result.returncode == 0, f"{script}\n{result.stdout}\n{result.stderr}"
        assert foreign_lookups(calls) == []
    return result.stdout


def test_a_person_with_a_phone(install: Install, tmp_path: Path) -> None:
    """`pip install .` reads, classifies and explains; what needs more says so before it does anything."""
    prepare(tmp_path)
    programs = install()
    table = _ok(programs, tmp_path, commands("README.md", "inkdigits read photo.jpg", "--annotate"))
    assert (tmp_path / "read.png").is_file()
    assert "photo.jpg" in table
    (tmp_path / "page.py").write_text(commands("README.md", "inkdigits.read(page)"))
    assert _ok(programs, tmp_path, "python page.py") == "72\n"
    _ok(programs, tmp_path, "inkdigits read scans/ --annotate drawn/")
    assert len(list((tmp_path / "drawn").iterdir())) == 12
    _ok(programs, tmp_path, "inkdigits explain dense digit.png --out why.png; inkdigits doctor; inkdigits --version")
    _ok(programs, tmp_path, "inkdigits data info; inkdigits classify digit.png; inkdigits compare dense cnn --json")
    for command, extra in (
        ("train dense", "train"),
        ("compare dense cnn --html x.html", "report"),
        ("robustness dense --html x.html", "report"),
        ("seeds dense", "train"),
        ("serve", "serve"),
        ("batch scans --out results", "batch"),
        ("tune dense", "tune"),
    ):
        before = sorted(tmp_path.iterdir())
        result = run(programs, tmp_path, f"inkdigits {command}")
        assert (result.returncode, result.stdout) == (2, ""), command
        assert result.stderr.count("\n") == 1, result.stderr
        assert f"pip install 'inkdigits[{extra}]'" in result.stderr, command
        assert sorted(tmp_path.iterdir()) == before, command


def test_a_student(install: Install, tmp_path: Path) -> None:
    """Training, evaluating and comparing, as the guide begins."""
    prepare(tmp_path)
    programs = install("train")
    told = _ok(programs, tmp_path, commands("docs/guides/training.md", "inkdigits train dense", "inkdigits runs"))
    assert "accuracy 9" in told
    _ok(programs, tmp_path, "inkdigits compare runs/my-dense cnn --html disagreements.html")
    assert (tmp_path / "runs" / "my-dense" / "report.html").is_file()
    _ok(programs, tmp_path, "inkdigits explain runs/my-dense digit.png --out why.png; inkdigits train --help-recipe")


def test_a_developer(install: Install, tmp_path: Path) -> None:
    """The Python API, with scikit-learn."""
    prepare(tmp_path)
    programs = install("sklearn")
    script = tmp_path / "script.py"
    script.write_text(commands("docs/guides/training.md", "DigitClassifier"))
    _ok(programs, tmp_path, "python script.py")


def test_an_operator(install: Install, tmp_path: Path) -> None:
    """The service is set by its environment, answers its probes, and stops when it is told to."""
    prepare(tmp_path)
    programs = install("serve")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([str(programs), "/usr/bin", "/bin"]),
        "INKDIGITS_SERVE_PORT": str(port),
        "INKDIGITS_SERVE_QUIET": "1",
    }
    command = traced("exec inkdigits serve --workers 2", tmp_path / "calls.txt")
    process = subprocess.Popen(shlex.split(command), cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        ask = f"curl --silent --fail http://127.0.0.1:{port}"
        for _ in range(120):
            if process.poll() is not None or run(programs, tmp_path, f"{ask}/v2/health/ready").returncode == 0:
                break
            time.sleep(0.5)
        told = _ok(programs, tmp_path, f"{ask}/v2/health/live; {ask}/v1/read -F picture=@digit.png")
        assert '"string"' in told
        page = _ok(programs, tmp_path, f"{ask}/")
        assert 'accept="image/*,.tif,.tiff"' in page  # HEIC and PDF need extras
        assert "a PDF" not in page
        time.sleep(12)  # ONNX Runtime looks its collector up some seconds after its first session
    finally:
        (server,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.kill(int(server), signal.SIGTERM)  # a signal for strace would end strace alone
        _, stderr = process.communicate(timeout=60)
    assert process.returncode in (0, 130), stderr
    assert foreign_lookups(tmp_path / "calls.txt") == []

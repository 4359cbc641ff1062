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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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


PHOTOS = f"""{commands("README.md", "inkdigits read photo.jpg", "--annotate")}
inkdigits read scans/ --annotate drawn/
inkdigits explain dense digit.png --out why.png
inkdigits classify digit.png
inkdigits data info
inkdigits doctor
inkdigits --version"""
# `make run` is `inkdigits reproduce`.
STUDIES = f"""{commands("docs/guides/training.md", "inkdigits train dense", "inkdigits runs")}
{commands("docs/guides/training.md", "inkdigits compare", "inkdigits seeds")}
inkdigits explain runs/my-dense digit.png --out why.png
inkdigits train --help-recipe
inkdigits reproduce --out runs/both"""
README_SERVES, README_ASKS = commands("README.md", "inkdigits serve", "curl").splitlines()


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
    table = _ok(programs, tmp_path, PHOTOS)
    assert (tmp_path / "read.png").is_file()
    assert (tmp_path / "why.png").is_file()
    assert len(list((tmp_path / "drawn").iterdir())) == 12
    assert "photo.jpg" in table
    (tmp_path / "page.py").write_text(commands("README.md", "inkdigits.read(page)"))
    assert _ok(programs, tmp_path, "python page.py") == "72\n"
    (tmp_path / "digits.parquet").touch()
    for command, extra in (
        ("train dense", "train"),
        ("train dense --recipe sprint", "train"),
        ("train dense --log mlflow", "mlflow"),
        ("reproduce", "train"),
        ("data info digits.parquet", "parquet"),
        ("exercise check exercise.ipynb", "exercise"),
        ("deploy --model dense", "cluster"),
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
    told = _ok(programs, tmp_path, STUDIES)
    assert "accuracy 9" in told
    assert "MISSED" not in told
    for file in ("my-dense/report.html", "two-seeds/seeds.json", "both/report.html"):
        assert (tmp_path / "runs" / file).is_file()


def test_a_developer(install: Install, tmp_path: Path) -> None:
    """The Python API, with scikit-learn."""
    prepare(tmp_path)
    programs = install("sklearn")
    script = tmp_path / "script.py"
    script.write_text(commands("docs/guides/training.md", "DigitClassifier"))
    _ok(programs, tmp_path, "python script.py")


@contextmanager
def _served(programs: Path, folder: Path, script: str, port: int) -> Iterator[list[str]]:
    """Inside, what `script` starts listens on `port`; afterwards the list holds what it printed to stderr.

    It has to be stopped by SIGTERM, and to reach no other machine.
    """
    environment = {
        **{name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"},
        "PATH": os.pathsep.join([str(programs), "/usr/bin", "/bin"]),
    }
    command = shlex.split(traced(f"{script}\n", folder / "calls.txt"))
    told: list[str] = []
    process = subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        until = time.monotonic() + 120
        while process.poll() is None and run(programs, folder, f"curl -sf {_at(port)}/v2/health/ready").returncode:
            assert time.monotonic() < until, "it does not get ready"
            time.sleep(0.5)
        yield told
    finally:
        for server in _servers(process.pid):
            os.kill(server, signal.SIGTERM)  # a signal for strace would end strace alone
        _, stderr = process.communicate(timeout=60)
        told += stderr.splitlines()
    assert process.returncode in (0, 130), stderr
    assert foreign_lookups(folder / "calls.txt") == []


def _servers(tracer: int) -> list[int]:
    """The process of `inkdigits serve` below strace and the shell."""
    children = Path(f"/proc/{tracer}/task/{tracer}/children").read_text().split()
    below = [int(child) for child in children]
    if any(b"inkdigits\0serve" in Path(f"/proc/{child}/cmdline").read_bytes() for child in below):
        return below
    return [server for child in below for server in _servers(child)]


def _at(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def test_an_operator(install: Install, tmp_path: Path) -> None:
    """The service is set by the guide's variables, answers its probes, and stops when it is told to."""
    prepare(tmp_path)
    programs, port = install("serve"), _free_port()
    (tmp_path / "token").write_text("0123456789abcdef0123456789abcdef")
    script = commands("docs/guides/operating.md", "INKDIGITS_SERVE_TOKEN_FILE")
    # Places and the port are the machine's.
    for guides, own in (("8080", port), ("/run/secrets/", f"{tmp_path}/"), ("/srv/", f"{tmp_path}/")):
        assert guides in script
        script = script.replace(guides, str(own))
    with _served(programs, tmp_path, script, port) as told:
        ask = f"curl --silent --fail {_at(port)}"
        assert run(programs, tmp_path, f"{ask}/v1/read -F picture=@digit.png").returncode != 0
        token = "-H 'Authorization: Bearer 0123456789abcdef0123456789abcdef'"
        _ok(programs, tmp_path, f"{ask}/v2/health/live")
        assert '"string"' in _ok(programs, tmp_path, f"{ask}/v1/read {token} -F picture=@digit.png")
        page = _ok(programs, tmp_path, f"{ask}/")
        assert 'accept="image/*,.tif,.tiff"' in page  # HEIC and PDF need extras
        assert "a PDF" not in page
        time.sleep(12)  # ONNX Runtime looks its collector up some seconds after its first session
    assert (tmp_path / "corrections").is_dir()
    assert not any('"level": "info"' in line for line in told), told


def test_who_serves_as_the_readme_does(install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(tmp_path)
    programs, port = install("serve"), _free_port()
    monkeypatch.setenv("INKDIGITS_SERVE_PORT", str(port))
    with _served(programs, tmp_path, README_SERVES, port) as told:
        assert '"string":"7"' in _ok(programs, tmp_path, README_ASKS.replace("8000", str(port)))
        assert (tmp_path / "corrections").is_dir()
    assert f"http://127.0.0.1:{port}" in told[0]

"""Sources and results that are not on this machine, by real commands: on an S3 server (moto's) and on an FTP server."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.batch.conftest import mnist, rows_of

pytestmark = pytest.mark.timeout(180)
# The exit code of a whole batch here: one of the scans is no picture.
ONE_UNREADABLE = 1
OUT_OF = ("--part-size", "3")
PARTS = 21
# Watches a folder from a process of its own, since the batch is over in a second.
HOLD = """
import os, signal, sys, time, fsspec
fs, root = fsspec.url_to_fs(sys.argv[1])
print("ready", flush=True)
pid, until = int(sys.stdin.read()), time.monotonic() + 50
while True:
    fs.invalidate_cache()
    try:
        if sum("part-" in path for path in fs.ls(root, detail=False)) >= int(sys.argv[2]):
            break
    except FileNotFoundError:
        pass
    assert time.monotonic() < until
os.kill(pid, signal.SIGSTOP)
"""


@dataclass
class Elsewhere:
    """A server: what its URLs begin with, and what commands need in their environment to use it."""

    url: str
    port: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self) -> None:
        self.running.append(
            subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self._env())
        )
        until = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", int(self.port)), timeout=1).close()
                return
            except OSError:
                assert time.monotonic() < until
                time.sleep(0.05)

    def stop(self) -> None:
        self.running[-1].kill()
        self.running[-1].wait()

    def _env(self) -> dict[str, str]:
        return {**os.environ, "NO_PROXY": "127.0.0.1", **self.environment}

    def reading(self, *arguments: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "inkdigits", "batch", *map(str, arguments)]
        return subprocess.Popen(command, env=self._env(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def read(self, *arguments: object) -> tuple[int, str, str]:
        running = self.reading(*arguments)
        told, errors = running.communicate(timeout=120)
        return running.returncode, told, errors

    def python(self, code: str, *arguments: object) -> str:
        """What a program prints that may use the server and knows nothing of inkdigits."""
        command = [sys.executable, "-c", f"import sys, fsspec\n{code}", *map(str, arguments)]
        result = subprocess.run(command, env=self._env(), check=True, timeout=60, capture_output=True, text=True)
        return result.stdout

    def fetch(self, name: str, to: Path) -> Path:
        """The results `name`, copied to this machine."""
        code = "fs, root = fsspec.url_to_fs(sys.argv[1]); fs.get(root + '/', sys.argv[2], recursive=True)"
        self.python(code, f"{self.url}/{name}", to)
        return to

    def start_and_hold(self, name: str, count: int, *arguments: object) -> subprocess.Popen[str]:
        """A reading that is stopped when the results `name` have so many parts, and has not ended before."""
        command = [sys.executable, "-c", HOLD, f"{self.url}/{name}/parts", str(count)]
        watch = subprocess.Popen(command, env=self._env(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert watch.stdout is not None
        assert watch.stdout.readline() == "ready\n"
        running = self.reading(*arguments)
        watch.communicate(str(running.pid), timeout=60)
        assert watch.returncode == 0
        assert running.poll() is None, running.communicate()
        return running


def _free_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


def _s3() -> Elsewhere:
    port = _free_port()
    keys = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}
    environment = {**keys, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}
    return Elsewhere("s3://forms", port, [sys.executable, "-m", "moto.server", "-p", port], environment)


def _ftp(folder: Path) -> Elsewhere:
    port = _free_port()
    command = [sys.executable, "-m", "pyftpdlib", "-p", port, "-w", "-d", str(folder), "-u", "joe", "-P", "secret"]
    environment = {"FSSPEC_FTP_USERNAME": "joe", "FSSPEC_FTP_PASSWORD": "secret"}
    return Elsewhere(f"ftp://127.0.0.1:{port}", port, command, environment)


def _web(folder: Path) -> Elsewhere:
    port = _free_port()
    command = [sys.executable, "-m", "http.server", port, "--bind", "127.0.0.1", "--directory", str(folder)]
    return Elsewhere(f"http://127.0.0.1:{port}", port, command)


@pytest.fixture(scope="module")
def s3(scans: Path) -> Iterator[Elsewhere]:
    server = _s3()
    server.start()
    code = "fs = fsspec.filesystem('s3'); fs.mkdir('forms'); fs.put(sys.argv[1], 'forms/scans', recursive=True)"
    server.python(code, scans)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def ftp(scans: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Elsewhere]:
    folder = tmp_path_factory.mktemp("ftp")
    shutil.copytree(scans, folder / "scans")
    server = _ftp(folder)
    server.start()
    yield server
    server.stop()


@pytest.fixture(params=["s3", "ftp"])
def elsewhere(request: pytest.FixtureRequest) -> Elsewhere:
    server: Elsewhere = request.getfixturevalue(request.param)
    return server


@pytest.fixture(scope="module")
def here(scans: Path, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The rows of the same pictures on this machine, their paths from the folder on."""
    out = tmp_path_factory.mktemp("here") / "out"
    command = [sys.executable, "-m", "inkdigits", "batch", str(scans), "--out", str(out), *OUT_OF]
    assert subprocess.run(command, check=False, capture_output=True).returncode == ONE_UNREADABLE
    return _from_the_folder_on(rows_of(out), str(scans))


def _from_the_folder_on(rows: list[dict[str, Any]], folder: str) -> list[dict[str, Any]]:
    def shorter(text: str | None) -> str | None:
        return text and text.replace(f"{folder}/", "")

    return [{**row, "path": shorter(row["path"]), "error": shorter(row["error"])} for row in rows]


def _rows(elsewhere: Elsewhere, name: str, to: Path) -> list[dict[str, Any]]:
    return _from_the_folder_on(rows_of(elsewhere.fetch(name, to)), f"{elsewhere.url}/scans")


def test_the_rows_are_those_of_this_machine(elsewhere: Elsewhere, here: list[dict[str, Any]], tmp_path: Path) -> None:
    results = f"{elsewhere.url}/results"
    code, told, errors = elsewhere.read(f"{elsewhere.url}/scans", "--out", results, *OUT_OF)
    assert (code, errors) == (ONE_UNREADABLE, "")
    assert f"61 pictures in {PARTS} parts: 60 read, 1 error" in told
    assert _rows(elsewhere, "results", tmp_path / "copy") == here
    left = sorted(path.name for path in (tmp_path / "copy").iterdir())
    assert left == ["listing.parquet", "manifest.json", "parts"]


def test_killed_and_started_again_it_goes_on(elsewhere: Elsewhere, here: list[dict[str, Any]], tmp_path: Path) -> None:
    batch = (f"{elsewhere.url}/scans", "--out", f"{elsewhere.url}/killed", *OUT_OF)
    first = elsewhere.start_and_hold("killed", 2, *batch)
    code, _, errors = elsewhere.read(*batch)
    assert code == 2
    assert "another job is writing into it" in errors
    assert len(errors.splitlines()) == 1
    first.kill()
    first.communicate()
    code, told, errors = elsewhere.read(*batch)
    assert (code, errors) == (ONE_UNREADABLE, "")
    assert _rows(elsewhere, "killed", tmp_path / "copy") == here
    again = int(next(line for line in told.splitlines() if " read in " in line).split()[0])
    assert 0 < again <= 61 - 2 * 3


def test_a_server_that_goes_away_stops_the_batch_and_no_picture_is_called_unreadable(
    ftp: Elsewhere, here: list[dict[str, Any]], tmp_path: Path
) -> None:
    batch = (f"{ftp.url}/scans", "--out", f"{ftp.url}/away", *OUT_OF)
    running = ftp.start_and_hold("away", 2, *batch)
    ftp.stop()
    running.send_signal(signal.SIGCONT)
    told, errors = running.communicate(timeout=60)
    ftp.start()
    assert (running.returncode, told) == (2, ""), errors
    assert len(errors.splitlines()) == 1, errors
    assert ftp.read(*batch)[0] == ONE_UNREADABLE
    assert _rows(ftp, "away", tmp_path / "copy") == here


def test_a_list_may_mix_servers_and_what_one_of_them_lacks_is_a_row(
    ftp: Elsewhere, scans: Path, tmp_path: Path
) -> None:
    # A server whose folder of the same name holds other pictures.
    shutil.copytree(scans / "box1", tmp_path / "scans" / "box0")
    other, web, gone = _ftp(tmp_path), _web(scans), _web(scans)
    places = [
        *(f"{ftp.url}/scans/box0/000.png", f"{other.url}/scans/box0/001.png", scans / "box0" / "002.png"),
        *(f"{web.url}/box1/003.png", f"{web.url}/box1/999.png", f"{gone.url}/box1/005.png", f"{web.url}/broken.png"),
    ]
    (tmp_path / "list.txt").write_text("".join(f"{place}\n" for place in places))
    for server in (other, web):
        server.start()
    code, _, errors = ftp.read(tmp_path / "list.txt", "--out", tmp_path / "out")
    for server in (other, web):
        server.stop()
    assert (code, errors) == (ONE_UNREADABLE, "")
    rows = rows_of(tmp_path / "out")
    assert [row["path"] for row in rows] == list(map(str, places))
    assert [row["string"] for row in rows[:4]] == [str(mnist().labels[number]) for number in range(4)]
    for row, told in zip(rows[4:], ("no such file", "cannot be read", "not a picture"), strict=True):
        assert told in row["error"]


@pytest.mark.parametrize("where", ["source", "results"])
def test_nobody_who_answers_is_one_line(where: str, scans: Path, tmp_path: Path) -> None:
    nowhere = _ftp(tmp_path).url
    source, results = (nowhere, tmp_path / "out") if where == "source" else (scans, nowhere)
    code, told, errors = _ftp(tmp_path).read(source, "--out", results)
    assert (code, told) == (2, "")
    assert errors.startswith(f"inkdigits: {nowhere}: a URL that cannot be opened here: ")
    assert len(errors.splitlines()) == 1


def test_a_bucket_that_is_not_there_is_one_line(s3: Elsewhere, scans: Path, tmp_path: Path) -> None:
    code, told, errors = s3.read(scans, "--out", "s3://nothing-here/results")
    assert (code, told) == (2, "")
    assert errors.startswith("inkdigits: cannot write s3://nothing-here/results/")
    assert len(errors.splitlines()) == 1
    code, told, errors = s3.read("s3://nothing-here/scans", "--out", tmp_path / "out")
    assert (code, told) == (2, "")
    assert errors.startswith("inkdigits: s3://nothing-here/scans: no such file or folder")
    assert len(errors.splitlines()) == 1


def test_a_password_in_a_url_would_stand_in_the_results(scans: Path, tmp_path: Path) -> None:
    urls = tmp_path / "urls.txt"
    urls.write_text("https://h/1.png\nhttps://joe:pass@h/2.png\n")
    for source, results in (
        *(("ftp://joe:pass@h/scans", tmp_path / "out"), (scans, "zip://x::sftp://joe:pass@h/all.zip")),
        (urls, tmp_path / "out"),
    ):
        code, told, errors = _ftp(tmp_path).read(source, "--out", results)
        assert (code, told) == (2, "")
        assert "a URL with a password in it" in errors
        assert "joe:pass" not in errors
        assert len(errors.splitlines()) == 1
    assert not list((tmp_path / "out").rglob("*.parquet"))

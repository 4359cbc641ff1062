"""Storage behind URLs: batches by real commands on an S3 server (moto's) and on an FTP server, and URLs in errors."""

from __future__ import annotations

import errno
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from inkdigits.batch.source_files import files_of
from inkdigits.batch.storage import open_storage, require_batch
from inkdigits.errors import BatchError, MissingExtraError, OutputError
from tests.batch.conftest import mnist, rows_of
from tests.batch.in_process import read_here
from tests.batch.servers import Server, ftp_server, s3_server, web_server

pytestmark = pytest.mark.timeout(180)
# The exit code of a whole batch here: one of the scans is not a picture.
ONE_UNREADABLE = 1
# Many parts, so that a batch can be stopped amid them.
OPTIONS = ("--part-size", "1", "--jobs", "1")
PARTS = 21


@pytest.fixture(scope="module")
def s3(scans: Path) -> Iterator[Server]:
    server = s3_server()
    server.start()
    code = "fs = fsspec.filesystem('s3'); fs.mkdir('forms'); fs.put(sys.argv[1], 'forms/scans', recursive=True)"
    server.python(code, scans)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def ftp(scans: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("ftp")
    shutil.copytree(scans, folder / "scans")
    server = ftp_server(folder)
    server.start()
    yield server
    server.stop()


@pytest.fixture(params=["s3", "ftp"])
def remote(request: pytest.FixtureRequest) -> Server:
    server: Server = request.getfixturevalue(request.param)
    return server


@pytest.fixture(scope="module")
def here(scans: Path, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The rows of the same pictures on this machine, their paths from the folder on."""
    out = tmp_path_factory.mktemp("here") / "out"
    read_here(scans, out, part_size=1)
    return _from_the_folder_on(rows_of(out), str(scans))


def _from_the_folder_on(rows: list[dict[str, Any]], folder: str) -> list[dict[str, Any]]:
    def shorter(text: str | None) -> str | None:
        return text and text.replace(f"{folder}/", "")

    return [{**row, "path": shorter(row["path"]), "error": shorter(row["error"])} for row in rows]


def _rows(remote: Server, name: str, to: Path) -> list[dict[str, Any]]:
    return _from_the_folder_on(rows_of(remote.fetch(name, to)), f"{remote.url}/scans")


def test_the_rows_are_those_of_this_machine(remote: Server, here: list[dict[str, Any]], tmp_path: Path) -> None:
    results = f"{remote.url}/results"
    code, output, errors = remote.batch(f"{remote.url}/scans", "--out", results, *OPTIONS)
    assert (code, errors) == (ONE_UNREADABLE, "")
    assert f"{PARTS} pictures in {PARTS} parts: 20 read, 1 error" in output
    assert _rows(remote, "results", tmp_path / "copy") == here
    left = sorted(path.name for path in (tmp_path / "copy").iterdir())
    assert left == ["listing.parquet", "manifest.json", "parts"]


@pytest.mark.parametrize("remote", [pytest.param("s3", marks=pytest.mark.slow), "ftp"], indirect=True)
def test_killed_and_started_again_it_resumes(remote: Server, here: list[dict[str, Any]], tmp_path: Path) -> None:
    batch = (f"{remote.url}/scans", "--out", f"{remote.url}/killed", *OPTIONS)
    first = remote.start_and_hold("killed", 2, *batch)
    code, _, errors = remote.batch(*batch)
    assert code == 2
    assert "another job is writing into it" in errors
    assert len(errors.splitlines()) == 1
    first.kill()
    first.communicate()
    code, output, errors = remote.batch(*batch)
    assert (code, errors) == (ONE_UNREADABLE, "")
    assert _rows(remote, "killed", tmp_path / "copy") == here
    again = int(next(line for line in output.splitlines() if " read in " in line).split()[0])
    assert 0 < again <= PARTS - 2


def test_a_server_that_goes_away_stops_the_batch_and_no_picture_is_called_unreadable(
    ftp: Server, here: list[dict[str, Any]], tmp_path: Path
) -> None:
    batch = (f"{ftp.url}/scans", "--out", f"{ftp.url}/away", *OPTIONS)
    running = ftp.start_and_hold("away", 2, *batch)
    ftp.stop()
    running.send_signal(signal.SIGCONT)
    output, errors = running.communicate(timeout=60)
    ftp.start()
    assert (running.returncode, output) == (2, ""), errors
    assert len(errors.splitlines()) == 1, errors
    assert ftp.batch(*batch)[0] == ONE_UNREADABLE
    assert _rows(ftp, "away", tmp_path / "copy") == here


def test_a_list_may_mix_servers_and_what_one_of_them_lacks_is_a_row(ftp: Server, scans: Path, tmp_path: Path) -> None:
    # A server whose folder of the same name holds other pictures.
    shutil.copytree(scans / "box1", tmp_path / "scans" / "box0")
    other, web, gone = ftp_server(tmp_path), web_server(scans), web_server(scans)
    places = [
        *(f"{ftp.url}/scans/box0/000.png", f"{other.url}/scans/box0/001.png", scans / "box0" / "002.png"),
        *(f"{web.url}/box1/003.png", f"{web.url}/box1/999.png", f"{gone.url}/box1/005.png", f"{web.url}/broken.png"),
    ]
    (tmp_path / "list.txt").write_text("".join(f"{place}\n" for place in places))
    for server in (other, web):
        server.start()
    code, _, errors = ftp.batch(tmp_path / "list.txt", "--out", tmp_path / "out")
    for server in (other, web):
        server.stop()
    assert (code, errors) == (ONE_UNREADABLE, "")
    rows = rows_of(tmp_path / "out")
    assert [row["path"] for row in rows] == list(map(str, places))
    assert [row["string"] for row in rows[:4]] == [str(mnist().labels[number]) for number in range(4)]
    for row, message in zip(rows[4:], ("no such file", "cannot be read", "not a picture"), strict=True):
        assert message in row["error"]


def test_a_server_that_does_not_answer_is_named(tmp_path: Path) -> None:
    nowhere = ftp_server(tmp_path).url
    with pytest.raises(BatchError, match=f"{nowhere}: a URL that cannot be opened here: "):
        open_storage(nowhere)


def test_a_bucket_that_is_not_there_is_one_line(s3: Server, scans: Path, tmp_path: Path) -> None:
    code, output, errors = s3.batch(scans, "--out", "s3://nothing-here/results")
    assert (code, output) == (2, "")
    assert errors.startswith("inkdigits: cannot write s3://nothing-here/results/")
    assert len(errors.splitlines()) == 1
    code, output, errors = s3.batch("s3://nothing-here/scans", "--out", tmp_path / "out")
    assert (code, output) == (2, "")
    assert errors.startswith("inkdigits: s3://nothing-here/scans: no such file or folder")
    assert len(errors.splitlines()) == 1


def test_a_password_in_a_url_would_be_written_into_the_results(tmp_path: Path) -> None:
    (tmp_path / "urls.txt").write_text("https://h/1.png\nhttps://joe:pass@h/2.png\n")
    for use in (
        lambda: open_storage("ftp://joe:pass@h/scans"),
        lambda: open_storage("zip://x::sftp://joe:pass@h/all.zip"),
        lambda: list(files_of("urls.txt", str(tmp_path))),
    ):
        with pytest.raises(BatchError, match="a URL with a password in it") as error:
            use()
        assert "joe:pass" not in str(error.value)


@pytest.mark.parametrize("place", ["", "memory:/"])
def test_files_are_written_listed_and_removed(tmp_path: Path, place: str) -> None:
    storage = open_storage(f"{place}{tmp_path}/out")
    assert (storage.local is None) == bool(place)
    storage.write("deep/a.txt", b"a")
    with storage.new_file("deep/b.txt") as file:
        file.write_bytes(b"b")
        assert not storage.exists("deep/b.txt")
    assert not file.exists()
    with pytest.raises(OutputError, match=f"cannot write .*{tmp_path}/out/deep/c.txt: the disk is full"):  # noqa: SIM117
        with storage.new_file("deep/c.txt"):
            raise OSError(errno.ENOSPC, "")
    assert sorted(storage.names("deep")) == ["a.txt", "b.txt"]
    assert (storage.read("deep/a.txt"), storage.read("deep/b.txt")) == (b"a", b"b")
    storage.write("deep/.unfinished-1-c.txt", b"half")
    storage.sweep("deep")
    storage.remove("deep/a.txt")
    storage.remove("deep/a.txt")
    assert storage.names("deep") == ["b.txt"]
    assert (storage.exists("deep/b.txt"), storage.exists("deep/a.txt"), storage.names("gone")) == (True, False, [])
    with pytest.raises(BatchError, match=r"deep/a\.txt: cannot be read: FileNotFoundError"):
        storage.read("deep/a.txt")


def test_without_the_extra_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError) as error:
        require_batch()
    assert str(error.value) == ("inkdigits batch needs pyarrow, which is not installed: pip install 'inkdigits[batch]'")

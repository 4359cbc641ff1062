"""`inkdigits batch` as a user meets it: sources, results, resuming, refusals; with real processes."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from inkdigits.batch.batch_job import BatchJob, BatchOptions, open_model
from inkdigits.batch.batch_run import run_batch
from inkdigits.batch.single_file import write_single_file
from inkdigits.datasets.source import load_for_evaluation, load_for_training
from inkdigits.errors import BatchError, DataError, OutputError
from inkdigits.reading.reader import Reader
from tests.batch.conftest import N, accuracy, mnist, png, rows_of
from tests.batch.in_process import read_here
from tests.conftest import Cli


@pytest.fixture(scope="module")
def read(cli: Cli, scans: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of the folder of scans, undisturbed, in parts of 7."""
    out = tmp_path_factory.mktemp("read") / "out"
    result = cli("batch", scans, "--out", out, "--part-size", 7, "--single-file", out.parent / "all.jsonl")
    assert (result.returncode, result.stderr) == (1, "")
    assert "61 pictures in 9 parts: 60 read, 1 error" in result.stdout
    assert f"the column error of {out}/parts" in result.stdout
    return out


def test_a_folder_gives_a_row_a_picture_in_the_schema_of_reading(read: Path, scans: Path) -> None:
    rows = rows_of(read)
    files = sorted(map(str, scans.glob("**/*.png")), key=lambda name: ("box" in name, name))
    assert [row["path"] for row in rows] == files
    assert [row["picture"] for row in rows] == list(range(N + 1))
    assert accuracy(rows) > 0.95
    one = Reader.load().read(files[5]).to_dict()
    row = rows[5]
    (digit,), (expected,) = row["digits"], one["digits"]
    assert {name: row[name] for name in ("path", "page", "outcome", "string", "error", "size")} == {
        name: one[name] for name in ("path", "page", "outcome", "string", "error", "size")
    }
    np.testing.assert_allclose(digit.pop("probabilities"), expected.pop("probabilities"), atol=1e-4)
    assert {name: digit[name] for name in ("value", "second", "outcome", "box", "row")} == {
        name: expected[name] for name in ("value", "second", "outcome", "box", "row")
    }


def test_an_unreadable_picture_is_a_row_with_its_error(read: Path) -> None:
    (row,) = (row for row in rows_of(read) if row["outcome"] == "error")
    assert row["path"].endswith("broken.png")
    assert "not a picture" in row["error"]
    assert row["digits"] == []


def test_the_manifest_says_what_it_is_of(read: Path, scans: Path) -> None:
    manifest = json.loads((read / "manifest.json").read_text())
    assert manifest["source"] == str(scans)
    assert (manifest["pictures"], manifest["parts"], manifest["state"]) == (61, 9, "finished")
    assert manifest["options"]["part_size"] == 7
    assert len(list((read / "parts").glob("part-*.parquet"))) == 9
    from inkdigits.modelfile.predictor import model_path

    digest = hashlib.sha256(model_path("reader").read_bytes()).hexdigest()
    assert (manifest["model"], manifest["model_sha256"]) == ("reader", digest)
    assert {row["model_sha256"] for row in rows_of(read)} == {digest}


def test_the_single_file_holds_the_rows_in_order(read: Path, scans: Path, tmp_path: Path) -> None:
    lines = [json.loads(line) for line in (read.parent / "all.jsonl").read_text().splitlines()]
    assert [line["path"] for line in lines] == [row["path"] for row in rows_of(read)]
    assert lines[5]["digits"][0]["value"] == rows_of(read)[5]["digits"][0]["value"]
    job = BatchJob(str(scans), str(read), open_model(None))
    for name in ("all.csv", "all.parquet"):
        write_single_file(job, str(tmp_path / name), 9)
    with (tmp_path / "all.csv").open(newline="") as file:
        assert [row["string"] for row in csv.DictReader(file)] == [line["string"] for line in lines]
    assert pq.read_table(tmp_path / "all.parquet").to_pylist() == rows_of(read)


def test_a_single_file_of_another_batch_is_left_alone(cli: Cli, tmp_path: Path) -> None:
    places = {name: tmp_path / name / "all.csv" for name in ("one", "other")}
    for number, name in enumerate(places):
        (tmp_path / name).mkdir()
        (tmp_path / name / "0.png").write_bytes(png(number))
        arguments = ("batch", tmp_path / name, "--out", tmp_path / f"{name}.out", "--jobs", 1)
        assert cli(*arguments, "--single-file", places[name]).returncode == 0
    kept = places["one"].read_text()
    again = cli("batch", tmp_path / "one", "--out", tmp_path / "one.out", "--single-file", places["one"])
    assert (again.returncode, places["one"].read_text()) == (0, kept)
    refused = cli("batch", tmp_path / "other", "--out", tmp_path / "other.out", "--single-file", places["one"])
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == (
        f"inkdigits: {places['one']}: exists already and was not written by this batch: choose another --single-file\n"
    )
    assert places["one"].read_text() == kept


def test_nothing_that_can_be_read_is_exit_code_2(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "scans").mkdir()
    (tmp_path / "scans" / "text.png").write_text("no picture")
    result = cli("batch", tmp_path / "scans", "--out", tmp_path / "out", "--jobs", 1)
    assert (result.returncode, result.stderr) == (2, "")
    assert "1 picture in 1 part: 1 error" in result.stdout


def _tar(scans: Path, path: Path, mode: str) -> Path:
    with tarfile.open(path, mode) as archive:
        archive.add(scans, "deep/er")
    return path


def _table(path: Path, values: pa.Array) -> Path:
    pq.write_table(pa.table({"id": list(range(len(values))), "image": values}), path, row_group_size=9)
    return path


def _sources(kind: str, scans: Path, folder: Path) -> str:
    pngs = [png(number) for number in range(N)]
    if kind == "glob":
        return f"{scans}/box*/*.png"
    if kind == "url":
        return f"file://{scans}"
    if kind == "text":
        shutil.copytree(scans, folder / "scans")
        lines = sorted(str(file.relative_to(folder)) for file in (folder / "scans").glob("box*/*.png"))
        (folder / "list.txt").write_text("\n".join(lines))
        return str(folder / "list.txt")
    if kind in {"tar", "tar.gz"}:
        return str(_tar(scans, folder / f"scans.{kind}", "w:gz" if kind == "tar.gz" else "w"))
    if kind == "parquet":
        return str(_table(folder / "scans.parquet", pa.array(pngs, pa.binary())))
    return str(_table(folder / "hf.parquet", pa.array([{"bytes": one, "path": None} for one in pngs])))


@pytest.mark.parametrize("kind", ["glob", "url", "text", "tar", "tar.gz", "parquet", "struct"])
def test_every_kind_of_source_gives_the_same_digits(cli: Cli, scans: Path, tmp_path: Path, kind: str) -> None:
    source = _sources(kind, scans, tmp_path)
    read_here(source, f"file://{tmp_path}/out" if kind == "url" else tmp_path / "out")
    rows = [row for row in rows_of(tmp_path / "out") if row["error"] is None]
    assert len(rows) == N
    if kind in {"parquet", "struct"}:
        assert accuracy(rows, lambda row: f"{int(row['path'].rsplit('#', 1)[1]):03d}.png") > 0.95
    else:
        assert accuracy(rows) > 0.95
    assert not list((tmp_path / "out").glob("unpacked/*"))


def test_pages_of_one_file_are_rows_of_one_picture(tmp_path: Path) -> None:
    from PIL import Image

    pages = [Image.fromarray(mnist().images[number]) for number in range(3)]
    pages[0].save(tmp_path / "three.tiff", save_all=True, append_images=pages[1:])
    read_here(tmp_path, tmp_path / "out")
    assert [(row["picture"], row["page"], row["string"]) for row in rows_of(tmp_path / "out")] == [
        (0, 0, "5"),
        (0, 1, "0"),
        (0, 2, "4"),
    ]


def test_killed_at_any_moment_and_started_again_it_ends_with_the_same_rows(
    scans: Path, read: Path, tmp_path: Path
) -> None:
    command = [
        sys.executable,
        "-m",
        "inkdigits",
        "batch",
        str(scans),
        "--out",
        str(tmp_path / "out"),
        "--part-size",
        "7",
    ]
    for parts_before_the_kill in (0, 4):
        running = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL)
        _wait_for_parts(tmp_path / "out", parts_before_the_kill, running)
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
    result = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (1, "")
    assert "61 pictures in 9 parts" in result.stdout
    assert rows_of(tmp_path / "out") == rows_of(read)
    assert not list((tmp_path / "out").rglob(".unfinished-*"))


def _command(scans: Path, out: Path) -> list[str]:
    return [sys.executable, "-m", "inkdigits", "batch", str(scans), "--out", str(out), "--part-size", "7"]


def _wait_for_parts(out: Path, count: int, running: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while len(list(out.glob("parts/part-*"))) < count or not (out / "manifest.json").exists():
        assert time.monotonic() < until
        if running.poll() is not None:
            return
        time.sleep(0.005)


def test_a_worker_that_dies_costs_nothing(scans: Path, read: Path, tmp_path: Path) -> None:
    from inkdigits.batch.worker_pool import LocalWorkerPool

    killed = []

    def kill_a_worker(done: int, total: int) -> None:
        import multiprocessing

        if done and not killed:
            victim = multiprocessing.active_children()[0]
            killed.append(victim.pid)
            victim.kill()

    job = BatchJob(str(scans), str(tmp_path / "out"), open_model(None), BatchOptions(part_size=7))
    summary = run_batch(job, LocalWorkerPool(2), kill_a_worker)
    assert killed
    assert summary.manifest.state == "finished"
    assert rows_of(tmp_path / "out") == rows_of(read)


def test_a_picture_that_ends_its_reader_is_a_row_and_the_others_are_read(scans: Path, tmp_path: Path) -> None:
    from tests.batch.crashing_pool import CrashingWorkerPool

    job = BatchJob(str(scans), str(tmp_path / "out"), open_model(None), BatchOptions(part_size=7))
    run_batch(job, CrashingWorkerPool("020.png", once="022.png", mark=tmp_path / "killed"))
    assert (tmp_path / "killed").exists()
    rows = rows_of(tmp_path / "out")
    assert len(rows) == N + 1
    errors = {row["path"].rsplit("/", 1)[-1]: row["error"] for row in rows if row["outcome"] == "error"}
    assert set(errors) == {"020.png", "broken.png"}
    assert "ended the process" in errors["020.png"]


@pytest.mark.parametrize(
    ("options", "needle"),
    [
        ({"part_size": 8}, "holds a batch with part_size 7, asked for 8"),
        ({"model": "cnn"}, r"holds a batch with model \(SHA-256\)"),
        ({"length": 1}, "holds a batch with length None, asked for 1"),
        ({"source": "box0"}, "holds a batch with source"),
    ],
)
def test_another_batch_is_refused(scans: Path, read: Path, options: dict[str, Any], needle: str) -> None:
    before = rows_of(read)
    source = scans / options.pop("source", "")
    with pytest.raises(BatchError, match=needle):
        read_here(source, read, **options)
    assert rows_of(read) == before


@pytest.mark.parametrize(
    ("arguments", "needle"),
    [
        (["--part-size", 8], "holds a batch with part_size 7, asked for 8"),
        (["--single-file", "all.xlsx"], "expected a name that ends in .parquet or .csv or .jsonl"),
        (["--address", "auto"], "add --engine ray"),
        (["--review", "s3://forms/review"], "--review s3://forms/review: expected a folder on this machine"),
    ],
)
def test_wrong_use_is_one_line(cli: Cli, scans: Path, read: Path, arguments: list[object], needle: str) -> None:
    result = cli("batch", scans, "--out", read, *arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert needle in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("source", ["gone", "empty"])
def test_a_source_without_pictures_leaves_no_results_behind(tmp_path: Path, source: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(BatchError, match=source):
        read_here(tmp_path / source, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_bad_sources(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad.tar").write_text("no archive, but long enough to look like one " * 40)
    (tmp_path / "bad.parquet").write_text("no table")
    pq.write_table(pa.table({"a": [b"1"], "b": [b"2"]}), tmp_path / "two.parquet")
    for source, needle in (
        (tmp_path / "empty", "no pictures in it"),
        (tmp_path / "gone", "no such file or folder"),
        (tmp_path / "bad.tar", "cannot be read as a tar archive"),
        (tmp_path / "bad.parquet", "cannot be read as Parquet"),
        (tmp_path / "two.parquet", "columns of bytes: a, b"),
        ("nosuch://bucket/scans", "a URL that cannot be opened here"),
    ):
        with pytest.raises(BatchError, match=needle):
            read_here(source, tmp_path / "out")


def test_a_folder_with_other_files_is_left_alone(scans: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.doc").write_text("precious")
    with pytest.raises(OutputError, match="holds files that are not of a batch"):
        read_here(scans, tmp_path)
    assert (tmp_path / "thesis.doc").read_text() == "precious"


def test_two_jobs_into_one_folder_are_refused(scans: Path, tmp_path: Path) -> None:
    import fcntl

    out = tmp_path / "out"
    out.mkdir()
    with (out / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(BatchError, match="another job is writing into it"):
            read_here(scans, out)


def test_a_full_disk_stops_with_one_line_and_the_same_command_goes_on(
    cli: Cli, scans: Path, read: Path, tmp_path: Path
) -> None:
    # A limit on the size of files is the full disk that a test may make.
    command = [
        sys.executable,
        "-m",
        "inkdigits",
        "batch",
        str(scans),
        "--out",
        str(tmp_path / "out"),
        "--part-size",
        "20",
    ]
    shell = f"ulimit -f 8; exec {' '.join(command)}"
    result = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert "cannot write" in result.stderr
    assert len(result.stderr.splitlines()) == 1, result.stderr
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1
    assert rows_of(tmp_path / "out") == rows_of(read)


def test_a_part_of_a_compressed_archive_is_read_again_after_the_end(scans: Path, tmp_path: Path) -> None:
    source = _tar(scans, tmp_path / "scans.tar.gz", "w:gz")
    read_here(source, tmp_path / "out", part_size=30)
    before = rows_of(tmp_path / "out")
    damaged = tmp_path / "out" / "parts" / "part-00000001.parquet"
    damaged.unlink()
    assert read_here(source, tmp_path / "out", part_size=30).pictures == 30
    assert rows_of(tmp_path / "out") == before
    assert not list((tmp_path / "out").glob("unpacked/*"))
    damaged.unlink()
    _tar(scans / "box0", source, "w:gz")
    with pytest.raises(BatchError, match=r"scans\.tar\.gz: changed since the batch began"):
        read_here(source, tmp_path / "out", part_size=30)
    source.unlink()
    with pytest.raises(BatchError, match="no such file or folder"):
        read_here(source, tmp_path / "out", part_size=30)


@pytest.mark.parametrize("suffix", ["gz", "bz2", "xz"])
def test_a_damaged_compressed_archive_is_named(scans: Path, tmp_path: Path, suffix: str) -> None:
    source = _tar(scans, tmp_path / f"scans.tar.{suffix}", f"w:{suffix}")
    content = bytearray(source.read_bytes())
    for damaged in (content[: len(content) // 2], content[:2000] + bytes(500) + content[2500:]):
        source.write_bytes(damaged)
        with pytest.raises(BatchError, match="a damaged archive, which cannot be unpacked"):
            read_here(source, tmp_path / "out")


def test_an_archive_that_fills_the_disk_is_not_called_damaged(cli: Cli, scans: Path, tmp_path: Path) -> None:
    source = _tar(scans, tmp_path / "scans.tar.gz", "w:gz")
    shell = f"ulimit -f 8; exec {sys.executable} -m inkdigits batch {source} --out {tmp_path / 'out'}"
    result = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert result.stderr.startswith(f"inkdigits: cannot write {tmp_path / 'out'}/unpacked/000000.tar: ")
    assert len(result.stderr.splitlines()) == 1, result.stderr


def test_names_that_are_no_utf_8_are_read_and_escaped(tmp_path: Path) -> None:
    scans = tmp_path / os.fsdecode(b"b\xe9")
    scans.mkdir()
    (scans / os.fsdecode(b"a\xff.png")).write_bytes(png(0))
    with tarfile.open(scans / "b.tar", "w") as archive:
        archive.add(scans / os.fsdecode(b"a\xff.png"), os.fsdecode(b"c\xfe.png"))
    (scans / "gone.png").write_text("no picture")
    read_here(scans, tmp_path / "out")
    rows = rows_of(tmp_path / "out")
    names = ["a\\xff.png", "b.tar/c\\xfe.png", "gone.png"]
    assert [row["path"] for row in rows] == [f"{tmp_path}/b\\xe9/{name}" for name in names]
    assert [row["string"] for row in rows] == ["5", "5", ""]
    assert rows[2]["error"].startswith(f"{tmp_path}/b\\xe9/gone.png: not a picture")


def test_a_changed_archive_is_noticed(scans: Path, tmp_path: Path) -> None:
    source = _tar(scans, tmp_path / "scans.tar", "w")
    read_here(source, tmp_path / "out", part_size=30)
    (tmp_path / "out" / "parts" / "part-00000001.parquet").unlink()
    source.write_bytes(source.read_bytes() + b"\0" * 512)
    with pytest.raises(BatchError, match="changed since the batch began"):
        read_here(source, tmp_path / "out", part_size=30)


def test_the_unsure_are_collected_and_filled_in_they_are_data(cli: Cli, tmp_path: Path) -> None:
    reader, scans = Reader.load(), tmp_path / "scans"
    scans.mkdir()
    outcomes = ({digit.outcome for digit in reader.read(image).digits} for image in mnist().images)
    first, second = islice((number for number, found in enumerate(outcomes) if "unsure" in found), 2)
    for number in (first, second, 0, 1):
        (scans / f"{number:05d}.png").write_bytes(png(number))
    review = tmp_path / "review"
    result = cli("batch", scans, "--out", tmp_path / "out", "--review", review, "--jobs", 1)
    assert result.returncode == 0, result.stderr
    with (review / "labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [Path(row["path"]).name for row in rows] == [f"{first:05d}.png", f"{second:05d}.png"]
    with pytest.raises(DataError, match="no row has a label yet"):
        load_for_evaluation(str(review))
    for row, label in zip(rows, mnist().labels[[first, second]], strict=True):
        row["label"] = str(label)
    with (review / "labels.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    digits = load_for_training(str(review))
    assert digits.labels.tolist() == mnist().labels[[first, second]].tolist()
    assert digits.images.max() > 200
    assert load_for_evaluation(str(review / "labels.csv")).sha256 == digits.sha256


def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    code = (
        "import sys, importlib.util\nfind = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, *rest: None if name == 'pyarrow' else find(name, *rest)\n"
        "from inkdigits.cli import main\n"
        f"sys.argv = ['inkdigits', 'batch', 'scans', '--out', {str(tmp_path / 'out')!r}]\nmain()"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert result.stderr == (
        "inkdigits: inkdigits batch needs pyarrow, which is not installed: pip install 'inkdigits[batch]'\n"
    )

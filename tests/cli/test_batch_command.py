"""`batch` as a user meets it: summaries, mistakes, exit codes; with real processes where it matters."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.batch.conftest import png, results, rows_of, scans
from tests.batch.in_process import InProcessWorkerPool
from tests.cli.one_line import assert_one_line
from tests.conftest import Cli

__all__ = ["results", "scans"]


@pytest.fixture
def batch_here(main_here: Cli, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Runs `inkdigits batch ARG…` in this process alone."""
    monkeypatch.setattr("inkdigits.batch.worker_pool.LocalWorkerPool", InProcessWorkerPool)
    return lambda *arguments: main_here("batch", *arguments)


def test_a_folder_is_read_by_processes_into_a_table(cli: Cli, scans: Path, results: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = cli("batch", scans, "--out", out, "--part-size", 3, "--jobs", 2, "--single-file", tmp_path / "all.jsonl")
    assert (result.returncode, result.stderr) == (1, "")
    lines = result.stdout.splitlines()
    assert lines[0] == f"{out}: 21 pictures in 7 parts: 20 read, 1 error"
    assert lines[1] == f"the reasons are in the column error of {out}/parts"
    assert lines[2].startswith("21 read in ")
    assert lines[3] == f"all rows in {tmp_path / 'all.jsonl'}"
    assert rows_of(out) == rows_of(results)
    assert len((tmp_path / "all.jsonl").read_text().splitlines()) == 21


def test_the_summary_as_json(batch_here: Cli, scans: Path, tmp_path: Path) -> None:
    result = batch_here(scans / "box0", "--out", tmp_path / "out", "--json")
    assert (result.returncode, result.stderr) == (0, "")
    summary = json.loads(result.stdout)
    assert (summary["pictures"], summary["rows"], summary["run"]["pictures"]) == (10, {"read": 10}, 10)
    assert (summary["state"], summary["review"]) == ("finished", None)


def test_nothing_that_can_be_read_is_exit_code_2(batch_here: Cli, tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("no picture")
    result = batch_here(tmp_path / "*.png", "--out", tmp_path / "out")
    assert (result.returncode, result.stderr) == (2, "")
    assert "1 picture in 1 part: 1 error" in result.stdout


def test_parts_with_errors_are_read_again_when_asked_for(batch_here: Cli, tmp_path: Path) -> None:
    batch = (tmp_path / "*.png", "--out", tmp_path / "out")
    (tmp_path / "0.png").write_bytes(png(0))
    (tmp_path / "1.png").write_text("no picture")
    assert batch_here(*batch).returncode == 1
    (tmp_path / "1.png").write_bytes(png(1))
    result = batch_here(*batch, "--retry-errors")
    assert (result.returncode, result.stderr) == (0, "")
    assert "2 pictures in 1 part: 2 read" in result.stdout


def test_a_review_is_written_once(batch_here: Cli, tmp_path: Path) -> None:
    review = tmp_path / "review"
    (tmp_path / "0.png").write_bytes(png(0))
    batch = (tmp_path / "*.png", "--out", tmp_path / "out", "--review", review)
    first = batch_here(*batch)
    assert f"0 unsure digits in {review}: fill in the column label of labels.csv" in first.stdout
    with (review / "labels.csv").open(newline="") as file:
        assert list(csv.DictReader(file)) == []
    again = batch_here(*batch)
    assert again.stderr == f"{review}: exists already, left as it is\n"
    assert "fill in" not in again.stdout
    assert batch_here(*batch, "--quiet").stderr == ""


@pytest.mark.parametrize(
    ("arguments", "needle"),
    [
        (["--part-size", 8], "holds a batch with part_size 3, asked for 8"),
        (["--single-file", "all.xlsx"], "expected a name that ends in .parquet or .csv or .jsonl"),
        (["--address", "auto"], "--address auto is the address of a Ray cluster: add --engine ray"),
        (["--engine", "ray", "--jobs", 2], "--jobs: goes with --engine local"),
        (["--review", "s3://forms/review"], "--review s3://forms/review: expected a folder on this machine"),
        (["--region", "1,2"], "expected X,Y,W,H"),
        (["second.png"], "2 sources, expected one folder, glob, tar, Parquet or .txt of paths: put a glob in quotes"),
    ],
)
def test_wrong_use_is_one_line(
    batch_here: Cli, scans: Path, results: Path, arguments: list[object], needle: str
) -> None:
    assert_one_line(batch_here(scans, "--out", results, *arguments), needle)


def test_a_full_disk_stops_with_one_line_and_rerunning_resumes(scans: Path, batch_here: Cli, tmp_path: Path) -> None:
    batch = (str(scans), "--out", str(tmp_path / "out"), "--part-size", "20")
    command = [sys.executable, "-m", "inkdigits", "batch", *batch, "--jobs", "1"]
    # A limit on the size of files stands in for a full disk.
    shell = f"ulimit -f 8; exec {' '.join(command)}"
    result = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=False)
    assert_one_line(result, "cannot write")
    assert batch_here(*batch).returncode == 1
    assert len(rows_of(tmp_path / "out")) == 21

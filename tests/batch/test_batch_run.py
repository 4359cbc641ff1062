"""A batch from its source to its results: what the rows hold, and that rerunning resumes it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inkdigits.batch.batch_run import run_batch
from inkdigits.errors import BatchError
from inkdigits.reading.reader import Reader
from tests.batch.conftest import N, accuracy, mnist, png, rows_of
from tests.batch.in_process import InProcessWorkerPool, job_of, read_here


def test_a_folder_gives_a_row_a_picture_in_the_schema_of_reading(results: Path, scans: Path) -> None:
    rows = rows_of(results)
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


def test_an_unreadable_picture_is_a_row_with_its_error(results: Path) -> None:
    (row,) = (row for row in rows_of(results) if row["outcome"] == "error")
    assert row["path"].endswith("broken.png")
    assert "not a picture" in row["error"]
    assert row["digits"] == []


def test_pages_of_one_file_are_rows_of_one_picture(tmp_path: Path) -> None:
    from PIL import Image

    pages = [Image.fromarray(mnist().images[number]) for number in range(3)]
    pages[0].save(tmp_path / "three.tiff", save_all=True, append_images=pages[1:])
    read_here(tmp_path, tmp_path / "out")
    assert [(row["picture"], row["page"], row["string"]) for row in rows_of(tmp_path / "out")] == [
        (0, 1, "5"),
        (0, 2, "0"),
        (0, 3, "4"),
    ]


def test_killed_and_started_again_it_ends_with_the_same_rows(scans: Path, results: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "inkdigits", "batch", str(scans), "--out", str(out), "--part-size", "3"]
    running = subprocess.Popen([*command, "--jobs", "1"], start_new_session=True, stdout=subprocess.DEVNULL)
    _wait_for_parts(out, 2, running)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    there = len(list(out.glob("parts/part-*")))
    summary = read_here(scans, out)
    assert summary.pictures == N + 1 - 3 * there
    assert (summary.manifest.pictures, summary.manifest.parts) == (N + 1, 7)
    assert rows_of(out) == rows_of(results)
    assert not list(out.rglob(".unfinished-*"))


def test_ended_after_any_part_it_resumes(scans: Path, results: Path, tmp_path: Path) -> None:
    for parts in range(7):
        out = tmp_path / f"{parts}"
        with pytest.raises(KeyboardInterrupt):
            run_batch(job_of(scans, out), EndingWorkerPool(parts))
        assert len(list(out.glob("parts/part-*"))) == parts
        assert read_here(scans, out).pictures == N + 1 - 3 * parts
        assert rows_of(out) == rows_of(results)


class EndingWorkerPool(InProcessWorkerPool):
    """Ends the batch when it is to read one more part than `parts`."""

    def __init__(self, parts: int) -> None:
        super().__init__()
        self.left = parts

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future[Any]:
        if not self.left:
            raise KeyboardInterrupt
        self.left -= 1
        return super().submit(function, *arguments)


def _wait_for_parts(out: Path, count: int, running: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while len(list(out.glob("parts/part-*"))) < count or not (out / "manifest.json").exists():
        assert time.monotonic() < until
        if running.poll() is not None:
            return
        time.sleep(0.005)


def test_a_finished_batch_is_not_read_again_and_its_summary_is_json(scans: Path, tmp_path: Path) -> None:
    first = read_here(scans / "box0", tmp_path / "out")
    again = read_here(scans / "box0", tmp_path / "out")
    assert (first.pictures, again.pictures) == (N // 2, 0)
    assert again.manifest == first.manifest
    summary = again.to_dict()
    assert (summary["rows"], summary["run"]["pictures"]) == ({"read": N // 2}, 0)
    assert summary["out"] == str(tmp_path / "out")


def test_pictures_in_error_are_read_again_when_asked_for(tmp_path: Path) -> None:
    source, out = tmp_path / "scans", tmp_path / "out"
    source.mkdir()
    for number in range(5):
        (source / f"{number}.png").write_bytes(png(number))
    (source / "4.png").write_text("no picture")
    assert read_here(source, out).manifest.rows == {"read": 4, "error": 1}
    (source / "4.png").write_bytes(png(4))
    assert read_here(source, out).manifest.rows == {"read": 4, "error": 1}
    summary = read_here(source, out, retry_errors=True)
    assert (summary.manifest.rows, summary.pictures) == ({"read": 5}, 2)


@pytest.mark.parametrize("source", ["gone", "empty"])
def test_a_source_without_pictures_leaves_no_results_behind(tmp_path: Path, source: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(BatchError, match=source):
        read_here(tmp_path / source, tmp_path / "out")
    assert not (tmp_path / "out").exists()

"""Workers that end while they read: nothing is lost, and a picture that ends them is a row with an error."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from inkdigits.batch.batch_run import run_batch
from inkdigits.batch.dispatch import read_parts_with
from inkdigits.batch.listing import read_parts
from inkdigits.batch.storage import open_storage
from inkdigits.batch.worker_pool import LocalWorkerPool
from inkdigits.errors import BatchError
from tests.batch.conftest import N, rows_of
from tests.batch.crashing_pool import CrashingWorkerPool, SimulatedCrashes
from tests.batch.in_process import InProcessWorkerPool, job_of


def test_a_worker_that_dies_costs_nothing(scans: Path, results: Path, tmp_path: Path) -> None:
    killed = []

    def kill_a_worker(done: int, total: int) -> None:
        if done and not killed:
            victim = multiprocessing.active_children()[0]
            killed.append(victim.pid)
            victim.kill()

    summary = run_batch(job_of(scans, tmp_path / "out"), LocalWorkerPool(1), kill_a_worker)
    assert killed
    assert summary.manifest.state == "finished"
    assert rows_of(tmp_path / "out") == rows_of(results)


@pytest.mark.parametrize("kind", [SimulatedCrashes, pytest.param(CrashingWorkerPool, marks=pytest.mark.slow)])
def test_a_picture_that_ends_its_reader_is_a_row_and_the_others_are_read(
    kind: Callable[..., Any], scans: Path, tmp_path: Path
) -> None:
    pool = kind("012.png", once="014.png", mark=tmp_path / "killed")
    run_batch(job_of(scans, tmp_path / "out", part_size=7), pool)
    assert (tmp_path / "killed").exists()
    rows = rows_of(tmp_path / "out")
    assert len(rows) == N + 1
    errors = {row["path"].rsplit("/", 1)[-1]: row["error"] for row in rows if row["outcome"] == "error"}
    assert set(errors) == {"012.png", "broken.png"}
    assert "ended the process" in errors["012.png"]


def test_workers_that_end_before_the_first_picture_stop_the_batch(results: Path) -> None:
    class EndingPool(InProcessWorkerPool):
        lost = (MemoryError,)

        def submit(self, function, /, *arguments):  # type: ignore[no-untyped-def]
            return super().submit(_raise_memory_error)

    out = open_storage(str(results))
    parts = list(read_parts(out))[1:2]
    with pytest.raises(BatchError, match=r"part 1, pictures 3 to 5 of the source: its worker ends before"):
        list(read_parts_with(EndingPool(), job_of("scans", results), parts, out))


def _raise_memory_error() -> None:
    raise MemoryError

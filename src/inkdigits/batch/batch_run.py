"""A batch from its source to its folder of results; rerunning resumes it.

manifest.json               what was asked for, and at the end how many rows there are
listing.parquet             every picture of the source, by part
parts/part-00000000.parquet … the readings of one part each, in the schema of `table.schema`
unpacked/                   tar archives that came compressed, while they are needed
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from typing import Any

from inkdigits.batch.batch_job import BatchJob
from inkdigits.batch.containers import UNPACKED
from inkdigits.batch.dispatch import read_parts_with
from inkdigits.batch.lease import hold_lease
from inkdigits.batch.listing import check_source, read_parts, write_listing
from inkdigits.batch.manifest import (
    MANIFEST,
    Manifest,
    check_same_batch,
    mark_finished,
    new_manifest,
    read_manifest,
    write_manifest,
)
from inkdigits.batch.restore import with_archives
from inkdigits.batch.results import PARTS, count_rows, part_numbers, remove_parts_with_errors
from inkdigits.batch.storage import Storage, open_storage, require_batch
from inkdigits.batch.table import OUTCOMES
from inkdigits.batch.worker_pool import WorkerPool

__all__ = ["BatchSummary", "Progress", "no_progress", "run_batch"]

# Called with how many pictures of how many are read, those of earlier runs included.
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class BatchSummary:
    """A finished batch in the folder `out`, and how many `pictures` this call read in how many `seconds`."""

    manifest: Manifest
    out: str
    pictures: int
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """The same, ready for JSON: the manifest, `out`, and `run` with `pictures` and `seconds`."""
        run = {"pictures": self.pictures, "seconds": round(self.seconds, 3)}
        return {**asdict(self.manifest), "out": self.out, "run": run}


def no_progress(done: int, pictures: int) -> None:
    """Ignore the progress."""


def run_batch(
    job: BatchJob,
    pool: AbstractContextManager[WorkerPool],
    progress: Progress = no_progress,
    *,
    retry_errors: bool = False,
) -> BatchSummary:
    """Read every picture of `job.source` into `job.out` with the workers of `pool`.

    With `retry_errors` the parts of an earlier call that hold pictures in error are read again, whole. Killed at any
    moment and called again, it ends with every picture exactly once. Raises `BatchError` for a source that cannot be
    listed and a folder that holds another batch or is in use, `OutputError` when `out` cannot be written (free some
    space and call it again), `MissingExtraError` without pyarrow and fsspec.
    """
    require_batch()
    out = open_storage(job.place(job.out))
    if not out.exists(MANIFEST):
        check_source(job)
    with hold_lease(out):
        manifest = _existing_or_new_manifest(job, out)
        job = replace(job, source=manifest.source, folder=manifest.folder)
        if retry_errors:
            remove_parts_with_errors(out)
        started = time.monotonic()
        finished = part_numbers(out)
        pictures, rows = 0, Counter[str]()
        if len(finished) < manifest.parts:
            pictures, rows = _read_missing_parts(
                job, out, finished, pool, lambda done: progress(done, manifest.pictures)
            )
        seconds = time.monotonic() - started
        if pictures or manifest.state != "finished":
            rows.update(count_rows(out, finished))
            manifest = mark_finished(manifest, {name: rows[name] for name in OUTCOMES if rows[name]})
            # Before the batch is called finished, since nobody looks for them after that.
            _remove_unpacked(out)
            write_manifest(out, manifest)
        return BatchSummary(manifest, job.out, pictures, seconds)


def _existing_or_new_manifest(job: BatchJob, out: Storage) -> Manifest:
    manifest = read_manifest(out)
    if manifest is not None:
        check_same_batch(job, manifest, out)
        out.sweep(PARTS)
        return manifest
    out.sweep("")
    manifest = new_manifest(job, *write_listing(job, out))
    write_manifest(out, manifest)
    return manifest


def _read_missing_parts(
    job: BatchJob,
    out: Storage,
    finished: set[int],
    pool: AbstractContextManager[WorkerPool],
    progress: Callable[[int], None],
) -> tuple[int, Counter[str]]:
    """How many pictures were read, and their rows by outcome."""
    done = before = sum(part.pictures for part in read_parts(out) if part.number in finished)
    rows: Counter[str] = Counter()
    progress(done)
    missing = with_archives(job, out, (part for part in read_parts(out) if part.number not in finished))
    with pool as workers:
        for part in read_parts_with(workers, job, missing, out):
            rows.update(part.outcomes)
            done += part.pictures
            progress(done)
    return done - before, rows


def _remove_unpacked(out: Storage) -> None:
    for name in out.names(UNPACKED):
        out.remove(f"{UNPACKED}/{name}")

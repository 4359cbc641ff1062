"""A batch from its source to its folder of results; called again, it goes on where it was stopped.

manifest.json               what was asked for, and at the end how many rows came out
listing.parquet             every picture of the source, by part
parts/part-00000000.parquet … the readings of a part each, in the schema of `table.schema`
unpacked/                   tar archives that came compressed, while they are needed
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import AbstractContextManager
from dataclasses import replace
from itertools import islice
from typing import Any

from inkdigits.batch.batch_job import BatchJob, BatchPart, FinishedPart
from inkdigits.batch.containers import UNPACKED
from inkdigits.batch.lease import hold_lease
from inkdigits.batch.listing import check_source, read_parts, write_listing
from inkdigits.batch.manifest import (
    MANIFEST,
    check_same_batch,
    mark_finished,
    new_manifest,
    read_manifest,
    write_manifest,
)
from inkdigits.batch.part_reader import PARTS, marker_name, part_name, read_part, read_part_with_markers
from inkdigits.batch.restore import with_archives
from inkdigits.batch.storage import Storage, open_storage, require_batch
from inkdigits.batch.table import OUTCOMES, outcome_counts
from inkdigits.batch.worker_pool import WorkerPool
from inkdigits.errors import BatchError

__all__ = ["Progress", "no_progress", "run_batch"]

# Told how many pictures of how many are read, those of earlier runs included.
Progress = Callable[[int, int], None]
_PART = re.compile(r"part-(\d{8,})\.parquet")
# Parts that wait for a worker, so that none is idle, and their pictures' names take no memory to speak of.
_AHEAD = 2
_DEATHS, _BEFORE_ANY = 2, -1
_CRASHED = "it ended the process that read it (out of memory, or a fault in a decoder)"


def no_progress(done: int, pictures: int) -> None:
    """Tell nobody."""


def run_batch(
    job: BatchJob,
    pool: AbstractContextManager[WorkerPool],
    progress: Progress = no_progress,
    *,
    retry_errors: bool = False,
) -> dict[str, Any]:
    """Read every picture of `job.source` into `job.out`, by `pool`, and return a summary.

    With `retry_errors` the parts of an earlier call that hold pictures in error are read again, whole.

    The summary holds the finished manifest, and under `run` how many `pictures` this call read in how many `seconds`.
    Killed at any moment and called again, it ends with every picture exactly once. Raises `BatchError` for a
    source that cannot be listed and a folder that holds another batch or is in use, `OutputError` when `out` cannot be
    written (free some space and call it again), `MissingExtraError` without pyarrow and fsspec.
    """
    require_batch()
    out = open_storage(job.place(job.out))
    if not out.exists(MANIFEST):
        check_source(job)
    with hold_lease(out):
        manifest = _begun_or_new(job, out)
        job = replace(job, source=manifest["source"], folder=manifest["folder"])
        if retry_errors:
            _remove_parts_with_errors(out)
        started = time.monotonic()
        read, known, counts = _read_the_rest(job, out, manifest, pool, progress)
        seconds = time.monotonic() - started
        if read or manifest["state"] != "finished":
            manifest = mark_finished(manifest, _all_rows(out, known, counts, manifest["parts"]))
            # Before the batch is called finished, since nobody looks for them after that.
            _remove_unpacked(out)
            write_manifest(out, manifest)
        return {**manifest, "out": job.out, "run": {"pictures": read, "seconds": round(seconds, 3)}}


def _begun_or_new(job: BatchJob, out: Storage) -> dict[str, Any]:
    manifest = read_manifest(out)
    if manifest is not None:
        check_same_batch(job, manifest, out)
        out.sweep(PARTS)
        return manifest
    out.sweep("")
    pictures, parts = write_listing(job, out)
    manifest = new_manifest(job, pictures, parts)
    write_manifest(out, manifest)
    return manifest


def _read_the_rest(
    job: BatchJob, out: Storage, manifest: dict[str, Any], pool: AbstractContextManager[WorkerPool], progress: Progress
) -> tuple[int, set[int], Counter[str]]:
    """How many pictures were read, the parts that they are of, and the rows of those by outcome."""
    there = _parts_there(out)
    known: set[int] = set()
    counts: Counter[str] = Counter()
    if len(there) == manifest["parts"]:
        return 0, known, counts
    total = manifest["pictures"]
    done = before = sum(part.pictures for part in read_parts(out) if part.number in there)
    progress(done, total)
    left = with_archives(job, out, (part for part in read_parts(out) if part.number not in there))
    with pool as workers:
        for part in _done_parts(job, left, workers, out):
            known.add(part.number)
            counts.update(part.outcomes)
            done += part.pictures
            progress(done, total)
    return done - before, known, counts


def _parts_there(out: Storage) -> set[int]:
    return {int(match[1]) for name in out.names(PARTS) if (match := _PART.fullmatch(name))}


def _done_parts(job: BatchJob, parts: Iterable[BatchPart], pool: WorkerPool, out: Storage) -> Iterator[FinishedPart]:
    """The parts as they are done, in any order; few are under way at a time, however many there are."""
    coming = iter(parts)
    waiting: dict[Future[FinishedPart], BatchPart] = {}
    while True:
        for part in islice(coming, max(0, _AHEAD * pool.size() - len(waiting))):
            waiting[pool.submit(read_part, job, part)] = part
        if not waiting:
            return
        ready, _ = wait(waiting, return_when=FIRST_COMPLETED)
        suspects = []
        for future in ready:
            part = waiting.pop(future)
            try:
                yield future.result()
            except pool.lost:
                suspects.append(part)
        if suspects:
            yield from _read_suspects(job, [*suspects, *waiting.values()], pool, out)
            waiting.clear()


def _read_suspects(job: BatchJob, parts: Iterable[BatchPart], pool: WorkerPool, out: Storage) -> Iterator[FinishedPart]:
    """Parts that were under way when a worker died, one at a time, to find the one that it died of, if any."""
    pool.renew()
    for part in parts:
        try:
            yield pool.submit(read_part, job, part).result()
        except pool.lost:
            pool.renew()
            yield _read_around_crashing(job, part, pool, out)


def _read_around_crashing(job: BatchJob, part: BatchPart, pool: WorkerPool, out: Storage) -> FinishedPart:
    """A part with pictures in it that end their worker: those are rows with an error, the others are read.

    A worker may also be killed from outside, so a picture is one of them only when two workers died of it.
    """
    crashing: dict[int, str] = {}
    deaths: Counter[int] = Counter()
    marker = marker_name(part.number)
    while True:
        # That of an earlier worker would speak of a picture that this one never came to.
        out.remove(marker)
        try:
            done: FinishedPart = pool.submit(read_part_with_markers, job, part, crashing).result()
            return done
        except pool.lost as error:
            pool.renew()
            index = int(out.read(marker)) if out.exists(marker) else _BEFORE_ANY
            deaths[index] += 1
            if deaths[index] < _DEATHS:
                continue
            if index == _BEFORE_ANY:
                raise BatchError(
                    f"part {part.number}, pictures {part.first} to {part.first + part.pictures - 1} of the source: its "
                    "worker dies before it has read anything, perhaps for want of memory: run the same command again "
                    "to go on"
                ) from error
            crashing[index] = _CRASHED


def _all_rows(out: Storage, known: set[int], counts: Counter[str], parts: int) -> dict[str, int]:
    """The rows of all parts by outcome, `counts` for the `known` ones; those of earlier runs are asked for them."""
    from concurrent.futures import ThreadPoolExecutor

    unknown = (number for number in range(parts) if number not in known)
    with ThreadPoolExecutor(16) as threads:
        while some := list(islice(unknown, 1000)):
            for found in threads.map(lambda number: _rows_of(out.reopened(), number), some):
                counts.update(found)
    return {name: counts[name] for name in OUTCOMES if counts[name]}


def _remove_parts_with_errors(out: Storage) -> None:
    for number in sorted(_parts_there(out)):
        if _rows_of(out, number)["error"]:
            out.remove(part_name(number))


def _rows_of(out: Storage, number: int) -> dict[str, int]:
    import pyarrow.parquet as pq

    try:
        with out.fs.open(out.path(part_name(number)), "rb") as file:
            return outcome_counts(pq.read_metadata(file).metadata)
    except (OSError, ValueError) as error:
        raise BatchError(
            f"{out.url}/{part_name(number)}: damaged ({' '.join(str(error).split())}): remove it and run the same "
            "command again"
        ) from error


def _remove_unpacked(out: Storage) -> None:
    for name in out.names(UNPACKED):
        out.remove(f"{UNPACKED}/{name}")

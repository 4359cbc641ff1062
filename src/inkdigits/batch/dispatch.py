"""Hands parts to the workers of a pool, and isolates pictures that crash them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from itertools import islice

from inkdigits.batch.batch_job import BatchJob, BatchPart, FinishedPart
from inkdigits.batch.part_reader import marker_name, read_part, read_part_with_markers
from inkdigits.batch.storage import Storage
from inkdigits.batch.worker_pool import WorkerPool
from inkdigits.errors import BatchError

__all__ = ["read_parts_with"]

# Parts submitted per worker, so that none is idle while few lists of pictures are in memory.
_PARTS_PER_WORKER = 2
# How many workers a picture has to end before it is skipped, and the index that stands for "before any picture".
_MAX_CRASHES, _BEFORE_ANY = 2, -1
_CRASHED = "it ended the process that read it (out of memory, or a fault in a decoder)"


def read_parts_with(
    pool: WorkerPool, job: BatchJob, parts: Iterable[BatchPart], out: Storage
) -> Iterator[FinishedPart]:
    """Have `pool` read `parts` and yield them as they are finished, in any order.

    A picture that ends its worker twice is a row with an error. Raises `BatchError` where workers end before they have
    read anything, and what reading a part raises.
    """
    coming = iter(parts)
    waiting: dict[Future[FinishedPart], BatchPart] = {}
    while True:
        for part in islice(coming, max(0, _PARTS_PER_WORKER * pool.size() - len(waiting))):
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
    """Read the parts that were under way when a worker ended, one at a time, to find the one that ended it, if any."""
    pool.renew()
    for part in parts:
        try:
            yield pool.submit(read_part, job, part).result()
        except pool.lost:
            pool.renew()
            yield _read_without_crashing(job, part, pool, out)


def _read_without_crashing(job: BatchJob, part: BatchPart, pool: WorkerPool, out: Storage) -> FinishedPart:
    """Read a part in which a picture ends its worker: that one is a row with an error, the others are read.

    A worker may also be killed from outside, so a picture is skipped only when two workers ended at it.
    """
    crashing: dict[int, str] = {}
    crashes: Counter[int] = Counter()
    marker = marker_name(part.number)
    while True:
        # A marker of an earlier worker may name a picture that this one never reached.
        out.remove(marker)
        try:
            done: FinishedPart = pool.submit(read_part_with_markers, job, part, crashing).result()
            return done
        except pool.lost as error:
            pool.renew()
            index = int(out.read(marker)) if out.exists(marker) else _BEFORE_ANY
            crashes[index] += 1
            if crashes[index] < _MAX_CRASHES:
                continue
            if index == _BEFORE_ANY:
                raise BatchError(
                    f"part {part.number}, pictures {part.first} to {part.first + part.pictures - 1} of the source: its "
                    "worker ends before it has read anything, perhaps for lack of memory: run the same command again "
                    "to resume"
                ) from error
            crashing[index] = _CRASHED

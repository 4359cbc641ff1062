"""A bounded queue and one thread: requests that arrive together are computed as one batch.

A batch starts as soon as the one before it has finished and holds what arrived meanwhile. So no request waits for a
batch to fill, a single request is computed at once, and a busy server computes large batches; their maximum size
bounds how long a batch may delay the next one.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from inkdigits.serving.metrics import BATCH_SIZE, QUEUED, WAITED
from inkdigits.serving.responses import busy
from inkdigits.serving.settings import ServerLimits

__all__ = ["Batcher"]

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass
class _QueuedItem(Generic[Item, Result]):
    item: Item
    pictures: int
    weight: int
    result: asyncio.Future[Result]
    since: float = field(default_factory=time.monotonic)


@dataclass
class BatchTotals:
    """What a batcher has done; times are seconds, `last` is since 1970."""

    requests: int = 0
    failed: int = 0
    pictures: int = 0
    batches: int = 0
    waited: float = 0.0
    computed: float = 0.0
    last: float = 0.0


@dataclass
class Batcher(Generic[Item, Result]):
    """One queue and one thread. `compute` maps a batch's items to as many results; a result may be an exception."""

    name: str
    compute: Callable[[Sequence[Item]], Sequence[Result | Exception]]
    limits: ServerLimits
    queue: deque[_QueuedItem[Item, Result]] = field(default_factory=deque)
    running: asyncio.Task[None] | None = None
    totals: BatchTotals = field(default_factory=BatchTotals)

    def __post_init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=self.name)
        self._sizes = BATCH_SIZE.labels(self.name)
        self._length, self._waits = QUEUED.labels(self.name), WAITED.labels(self.name)

    async def submit(self, item: Item, pictures: int = 1, *, weight: int | None = None) -> Result:
        """The result for `item`, which holds `pictures` and counts `weight` towards a full batch, by default as many.

        Raises `RequestError` 503 when the queue is full or the result takes too long, and the exception that `compute`
        returned or raised.
        """
        if len(self.queue) >= self.limits.queued:
            raise busy("too many requests are waiting")
        loop = asyncio.get_running_loop()
        queued: _QueuedItem[Item, Result] = _QueuedItem(
            item, pictures, pictures if weight is None else weight, loop.create_future()
        )
        self.queue.append(queued)
        self._length.set(len(self.queue))
        if self.running is None:
            self.running = loop.create_task(self._run())
        try:
            async with asyncio.timeout(self.limits.answer_seconds):
                return await queued.result
        except TimeoutError as error:
            raise busy("the answer took too long") from error

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while batch := self._next_batch():
                self._length.set(len(self.queue))
                started = time.monotonic()
                self._waits.observe(started - batch[0].since)
                self._sizes.observe(sum(queued.pictures for queued in batch))
                try:
                    results = await loop.run_in_executor(self._thread, self.compute, [queued.item for queued in batch])
                except Exception as error:  # a bug must not leave the clients of this batch waiting
                    results = [error] * len(batch)
                self._count(batch, results, started)
                for queued, result in zip(batch, results, strict=True):
                    _set_result(queued.result, result)
        finally:
            self.running = None

    def _count(
        self, batch: Sequence[_QueuedItem[Item, Result]], results: Sequence[Result | Exception], started: float
    ) -> None:
        failed = sum(isinstance(result, Exception) for result in results)
        done = self.totals
        done.requests += len(batch) - failed
        done.failed += failed
        done.pictures += sum(queued.pictures for queued in batch)
        done.batches += 1
        done.waited += sum(started - queued.since for queued in batch)
        done.computed += time.monotonic() - started
        done.last = time.time()

    def _next_batch(self) -> list[_QueuedItem[Item, Result]]:
        """The oldest items up to the maximum weight, without those whose requests were cancelled."""
        batch: list[_QueuedItem[Item, Result]] = []
        weight = 0
        while self.queue and (not batch or weight + self.queue[0].weight <= self.limits.batch):
            queued = self.queue.popleft()
            if not queued.result.done():
                batch.append(queued)
                weight += queued.weight
        return batch

    def close(self) -> None:
        """Stop the thread once its current batch is computed."""
        self._thread.shutdown(wait=False, cancel_futures=True)


def _set_result(future: asyncio.Future[Result], result: Result | Exception) -> None:
    if future.done():
        return
    if isinstance(result, Exception):
        future.set_exception(result)
    else:
        future.set_result(result)

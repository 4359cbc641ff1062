"""Lanes: work that arrives together is done together, in one thread, with a bounded queue.

A batch begins as soon as the one before it has ended and holds what arrived meanwhile. So nobody ever waits for
company, a lone request is answered at once, and a busy server works in large batches by itself; their greatest size
caps how long a batch may keep the next one waiting.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from inkdigits.serving.metrics import BATCH_SIZE
from inkdigits.serving.problems import busy
from inkdigits.serving.settings import Limits

__all__ = ["Lane"]

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass
class _Job(Generic[Item, Result]):
    item: Item
    size: int
    room: int
    answer: asyncio.Future[Result]


@dataclass
class Lane(Generic[Item, Result]):
    """One queue and one thread. `work` takes a batch's items and gives as many results; an exception may be one."""

    name: str
    work: Callable[[Sequence[Item]], Sequence[Result | Exception]]
    limits: Limits
    waiting: deque[_Job[Item, Result]] = field(default_factory=deque)
    running: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=self.name)
        self._sizes = BATCH_SIZE.labels(self.name)

    async def ask(self, item: Item, size: int = 1, *, room: int | None = None) -> Result:
        """The result for `item`, which holds `size` pictures and takes `room` of a batch, by default as much.

        Raises `RequestError` 503 when the queue is full or the answer takes too long, and what `work` gave instead of
        a result.
        """
        if len(self.waiting) >= self.limits.waiting:
            raise busy("too many requests are waiting")
        loop = asyncio.get_running_loop()
        job: _Job[Item, Result] = _Job(item, size, size if room is None else room, loop.create_future())
        self.waiting.append(job)
        if self.running is None:
            self.running = loop.create_task(self._run())
        try:
            async with asyncio.timeout(self.limits.answer_seconds):
                return await job.answer
        except TimeoutError as error:
            raise busy("the answer took too long") from error

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while jobs := self._next_batch():
                self._sizes.observe(sum(job.size for job in jobs))
                try:
                    results = await loop.run_in_executor(self._thread, self.work, [job.item for job in jobs])
                except Exception as error:  # a defect must not leave its batch's clients waiting
                    results = [error] * len(jobs)
                for job, result in zip(jobs, results, strict=True):
                    _deliver(job, result)
        finally:
            self.running = None

    def _next_batch(self) -> list[_Job[Item, Result]]:
        """What waits, oldest first, until the batch is full; without those whose clients gave up."""
        jobs: list[_Job[Item, Result]] = []
        taken = 0
        while self.waiting and (not jobs or taken + self.waiting[0].room <= self.limits.batch):
            job = self.waiting.popleft()
            if not job.answer.done():
                jobs.append(job)
                taken += job.room
        return jobs

    def close(self) -> None:
        """Let the thread go, after what it is working on."""
        self._thread.shutdown(wait=False, cancel_futures=True)


def _deliver(job: _Job[Item, Result], result: Result | Exception) -> None:
    if job.answer.done():
        return
    if isinstance(result, Exception):
        job.answer.set_exception(result)
    else:
        job.answer.set_result(result)

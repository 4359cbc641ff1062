"""Threads for the parts of a step: NumPy releases the interpreter's lock in large operations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from inkdigits.system.cores import usable_cores

__all__ = ["ThreadPool", "equal_slices"]

_MAX_THREADS = 8  # a batch of 32 has no work for more


@dataclass(frozen=True)
class ThreadPool:
    """`count` threads, on each of which a matrix product uses one core."""

    count: int
    executor: ThreadPoolExecutor

    def run(self, work: Callable[[Any], object], items: Iterable[Any]) -> None:
        """Call `work` with every item; raises what it raises."""
        for _ in self.executor.map(work, items):
            pass

    @staticmethod
    @contextmanager
    def open() -> Iterator[ThreadPool]:
        """A thread for every usable core, at most 8, until the block ends. BLAS itself uses one thread meanwhile."""
        from threadpoolctl import threadpool_limits

        count = min(usable_cores(), _MAX_THREADS)
        with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(count) as executor:
            yield ThreadPool(count, executor)


def equal_slices(length: int, count: int) -> list[slice]:
    """Slices of 0 to `length` that differ by at most 1 in size: `count`, or `length` where that is less."""
    count = min(count, length)
    bounds = [length * i // count for i in range(count + 1)]
    return [slice(low, high) for low, high in pairwise(bounds)]

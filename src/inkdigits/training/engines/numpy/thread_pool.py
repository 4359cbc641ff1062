"""Threads that share a step's work: NumPy's large operations let the others run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from inkdigits.system.cores import usable_cores

__all__ = ["Lanes", "parts_of"]

_MAX = 8  # a batch of 32 has no work for more


@dataclass(frozen=True)
class Lanes:
    """`count` threads side by side, on each of which a matrix product takes one core."""

    count: int
    pool: ThreadPoolExecutor

    def run(self, work: Callable[[Any], object], items: Iterable[Any]) -> None:
        """Call `work` with every item; raises what it raises."""
        for _ in self.pool.map(work, items):
            pass

    @staticmethod
    @contextmanager
    def opened() -> Iterator[Lanes]:
        """A lane for every usable core for the time of the block; the BLAS library's own threads rest meanwhile."""
        from threadpoolctl import threadpool_limits

        count = min(usable_cores(), _MAX)
        with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(count) as pool:
            yield Lanes(count, pool)


def parts_of(length: int, count: int) -> list[slice]:
    """`length` things in `count` slices as equal as can be; fewer where there are not so many things."""
    count = min(count, length)
    bounds = [length * i // count for i in range(count + 1)]
    return [slice(low, high) for low, high in pairwise(bounds)]

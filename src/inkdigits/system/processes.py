"""Processes that train side by side, each on its own share of the machine, and that never outlive their parent."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any, Protocol

__all__ = ["SupportsSubmit", "process_pool"]


class SupportsSubmit(Protocol):
    """Whatever runs functions somewhere else, such as an executor of `concurrent.futures`."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future[Any]:
        """A future of `function(*arguments)`; both must be picklable."""


@contextmanager
def process_pool(jobs: int) -> Iterator[SupportsSubmit]:
    """An executor of `jobs` fresh processes, each on its share of this process's cores and of the GPUs it may see.

    When the block ends with an error, such as a Ctrl-C, they are killed: a training goes on from its last epoch.
    """
    context = multiprocessing.get_context("spawn")  # a fork would inherit a backend's threads in a broken state
    before = set(multiprocessing.active_children())
    executor = ProcessPoolExecutor(jobs, context, _start_worker, (context.Value("i", 0), jobs))
    try:
        yield executor
    except BaseException:
        executor.shutdown(wait=False, cancel_futures=True)
        for child in set(multiprocessing.active_children()) - before:
            # Asked politely, one would go on with the next training that the pool has handed out already.
            child.kill()
        raise
    executor.shutdown()


def _start_worker(counter: Any, jobs: int) -> None:
    with counter.get_lock():
        number, counter.value = counter.value, counter.value + 1
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _restrict_to_cores(number, jobs)


def _end_with_parent() -> None:
    """A killed parent cannot end its workers, and a worker that went on would hold its run's lock."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _restrict_to_cores(number: int, jobs: int) -> None:
    """Leave this process every `jobs`-th core and one of the GPUs that CUDA_VISIBLE_DEVICES lists."""
    if jobs > 1 and hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, cores[number % jobs :: jobs] or cores[number % len(cores) :][:1])
    gpus = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")
    if jobs > 1 and len(gpus) > 1:
        os.environ["CUDA_VISIBLE_DEVICES"] = gpus[number % len(gpus)]

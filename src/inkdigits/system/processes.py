"""A pool of processes, each restricted to its own cores and GPU, that end when their parent ends."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, Protocol

from inkdigits.errors import RunError
from inkdigits.system.whole_numbers import check_whole_number

__all__ = ["SupportsSubmit", "process_pool"]


class SupportsSubmit(Protocol):
    """Anything that submits functions as an executor of `concurrent.futures` does."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future[Any]:
        """A future of `function(*arguments)`; both must be picklable."""


@contextmanager
def process_pool(jobs: int) -> Iterator[SupportsSubmit]:
    """An executor of `jobs` spawned processes, each with every `jobs`-th core of this process and one visible GPU.

    When the block ends with an error, such as a `KeyboardInterrupt`, they are killed: a training resumes from its last
    epoch. Raises `RunError` when one was killed, and when none could start, since each imports the script that calls
    this, which calls it anew.
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        sys.exit(1)  # this is such a process; the error is the parent's to raise
    check_whole_number("jobs", jobs, RunError)
    context = multiprocessing.get_context("spawn")  # a fork would inherit the threads of a backend in a broken state
    before = set(multiprocessing.active_children())
    started = context.Value("i", 0)
    executor = ProcessPoolExecutor(jobs, context, _start_worker, (started, jobs))
    try:
        yield executor
    except BaseException as error:
        executor.shutdown(wait=False, cancel_futures=True)
        for child in set(multiprocessing.active_children()) - before:
            # On SIGTERM a worker would start the next task that the pool has already sent to it.
            child.kill()
        if isinstance(error, BrokenProcessPool):
            raise RunError(_why_broken(started.value)) from None
        raise
    executor.shutdown()


def _why_broken(started: int) -> str:
    if started == 0:
        return (
            "no process could start: each imports the script that is run, so have it call this below "
            "if __name__ == '__main__':"
        )
    return (
        "a process was killed, perhaps because memory ran out: run the same command again to resume, with fewer --jobs "
        "where memory is short"
    )


def _start_worker(counter: Any, jobs: int) -> None:
    with counter.get_lock():
        number, counter.value = counter.value, counter.value + 1
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _restrict_to_cores(number, jobs)


def _end_with_parent() -> None:
    """Exit when the parent does: killed, it cannot end its workers, and a running one would keep its run's lock."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _restrict_to_cores(number: int, jobs: int) -> None:
    """Restrict this process to every `jobs`-th core and to one of the GPUs that CUDA_VISIBLE_DEVICES lists."""
    if jobs > 1 and hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, cores[number % jobs :: jobs] or cores[number % len(cores) :][:1])
    gpus = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")
    if jobs > 1 and len(gpus) > 1:
        os.environ["CUDA_VISIBLE_DEVICES"] = gpus[number % len(gpus)]

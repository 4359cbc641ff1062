"""A pool that reads in this process, for tests of what is read and not of who reads it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from inkdigits.batch.batch_job import BatchJob, BatchOptions, open_model
from inkdigits.batch.batch_run import BatchSummary, run_batch


class InProcessWorkerPool:
    lost = ()

    def __enter__(self) -> InProcessWorkerPool:
        return self

    def __exit__(self, *error: object) -> None: ...

    def size(self) -> int:
        return 1

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(function(*arguments))
        except Exception as error:
            future.set_exception(error)
        return future

    def renew(self) -> None: ...


def read_here(source: object, out: object, model: str | None = None, **options: Any) -> BatchSummary:
    job = BatchJob(
        str(source), str(out), open_model(model), BatchOptions(**{"part_size": 7, **options}), str(Path.cwd())
    )
    return run_batch(job, InProcessWorkerPool())

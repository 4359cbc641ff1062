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

    def __init__(self, jobs: int = 1) -> None:
        self.jobs = jobs

    def __enter__(self) -> InProcessWorkerPool:
        return self

    def __exit__(self, *error: object) -> None: ...

    def size(self) -> int:
        return self.jobs

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(function(*arguments))
        except Exception as error:
            future.set_exception(error)
        return future

    def renew(self) -> None: ...


def job_of(source: object, out: object, model: str | None = None, **options: Any) -> BatchJob:
    return BatchJob(
        str(source), str(out), open_model(model), BatchOptions(**{"part_size": 3, **options}), str(Path.cwd())
    )


def read_here(
    source: object, out: object, model: str | None = None, *, retry_errors: bool = False, **options: Any
) -> BatchSummary:
    return run_batch(job_of(source, out, model, **options), InProcessWorkerPool(), retry_errors=retry_errors)

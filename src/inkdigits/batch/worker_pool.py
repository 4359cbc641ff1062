"""Pools of workers that read parts: processes of this machine; `inkdigits.cluster` has one of Ray's workers."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Future
from contextlib import ExitStack
from typing import Any, Protocol

from inkdigits.system.processes import SupportsSubmit, process_pool

__all__ = ["LocalWorkerPool", "WorkerPool"]


class WorkerPool(SupportsSubmit, Protocol):
    """Workers that run functions."""

    @property
    def lost(self) -> tuple[type[BaseException], ...]:
        """The exceptions that a future raises when its worker ended before it was done."""

    def size(self) -> int:
        """The present number of workers."""

    def renew(self) -> None:
        """Replace lost workers, so that more functions can be submitted."""


class LocalWorkerPool:
    """`jobs` fresh processes of this machine, each on its part of the cores; they end with this process."""

    lost = (BrokenExecutor,)

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._stack = ExitStack()
        self._executor: SupportsSubmit | None = None

    def __enter__(self) -> LocalWorkerPool:
        self._executor = self._stack.enter_context(process_pool(self._jobs))
        return self

    def __exit__(self, *error: Any) -> bool | None:
        return self._stack.__exit__(*error)

    def size(self) -> int:
        """The number of processes."""
        return self._jobs

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future[Any]:
        """A future of `function(*arguments)`. Used inside `with` only."""
        assert self._executor is not None
        return self._executor.submit(function, *arguments)

    def renew(self) -> None:
        """Replace all processes after one of them ended."""
        self._stack.close()
        self._executor = self._stack.enter_context(process_pool(self._jobs))

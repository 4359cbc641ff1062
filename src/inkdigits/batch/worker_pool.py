"""Who reads the parts: workers that come and go. Processes of this machine are one pool; Ray's are another."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Future
from contextlib import ExitStack
from typing import Any, Protocol

from inkdigits.system.processes import SupportsSubmit, process_pool

__all__ = ["LocalWorkerPool", "WorkerPool"]


class WorkerPool(Protocol):
    """Workers that a function is handed to."""

    @property
    def lost(self) -> tuple[type[BaseException], ...]:
        """What a future raises when its worker died, for good, on the way."""

    def size(self) -> int:
        """How many workers there are at present."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future[Any]:
        """A future of `function(*arguments)`; both must be picklable."""

    def renew(self) -> None:
        """Replace workers after a loss, so that more can be submitted."""


class LocalWorkerPool:
    """`jobs` fresh processes of this machine, each with its share of the cores; they never outlive this process."""

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
        """How many processes."""
        return self._jobs

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future[Any]:
        """A future of `function(*arguments)`. Used inside `with` only."""
        assert self._executor is not None
        return self._executor.submit(function, *arguments)

    def renew(self) -> None:
        """Fresh processes in place of those of which one died."""
        self._stack.close()
        self._executor = self._stack.enter_context(process_pool(self._jobs))

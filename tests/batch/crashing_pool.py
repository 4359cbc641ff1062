"""Pools whose workers end when they open one certain picture, as a fault in a decoder would end them.

At another picture they end a single time, as when somebody kills a worker that is reading it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inkdigits.batch.worker_pool import LocalWorkerPool
from tests.batch.in_process import InProcessWorkerPool


class Crash(BaseException):
    """Stands for the end of a process where there is none."""


@dataclass(frozen=True)
class Crashes:
    name: str
    once: str
    mark: Path
    real: bool

    def check(self, name: str) -> None:
        if name.endswith(self.name):
            self._end()
        if name.endswith(self.once) and not self.mark.exists():
            self.mark.touch()
            self._end()

    def _end(self) -> None:
        if self.real:
            os._exit(11)
        raise Crash


class CrashingWorkerPool(LocalWorkerPool):
    def __init__(self, name: str, once: str, mark: Path) -> None:
        super().__init__(1)
        self._crashes = Crashes(name, once, mark, real=True)

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future[Any]:
        return super().submit(_with_crashes, self._crashes, function, *arguments)


class SimulatedCrashes(InProcessWorkerPool):
    lost = (Crash,)

    def __init__(self, name: str, once: str, mark: Path) -> None:
        super().__init__()
        self._crashes = Crashes(name, once, mark, real=False)

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            return super().submit(_with_crashes, self._crashes, function, *arguments)
        except Crash as crash:
            future.set_exception(crash)
        return future


def _with_crashes(crashes: Crashes, function: Callable[..., Any], *arguments: Any) -> Any:
    from inkdigits.images import decode

    before = decode.open_pages

    def open_pages(source: Any, called: str | None = None, *more: Any) -> Any:
        crashes.check(str(called))
        return before(source, called, *more)

    decode.open_pages = open_pages
    try:
        return function(*arguments)
    finally:
        decode.open_pages = before

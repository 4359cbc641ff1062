"""A pool whose processes end when they open one certain picture, as a fault in a decoder would end them.

Of another picture they die a single time, as when somebody kills a worker while it is at that one.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from inkdigits.batch.worker_pool import LocalWorkerPool


class CrashingWorkerPool(LocalWorkerPool):
    def __init__(self, name: str, once: str, mark: Path) -> None:
        super().__init__(1)
        self._deadly = name, once, mark

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future[Any]:
        return super().submit(_with_a_deadly_picture, self._deadly, function, *arguments)


def _with_a_deadly_picture(crashing: tuple[str, str, Path], function: Callable[..., Any], *arguments: Any) -> Any:
    from inkdigits.images import decode

    before = decode.open_pages
    name, once, mark = crashing

    def open_pages(source: Any, called: str | None = None, *more: Any) -> Any:
        if str(called).endswith(name):
            os._exit(11)
        if str(called).endswith(once) and not mark.exists():
            mark.touch()
            os._exit(9)
        return before(source, called, *more)

    decode.open_pages = open_pages
    try:
        return function(*arguments)
    finally:
        decode.open_pages = before

"""A crew whose processes end when they open one certain picture, as a fault in a decoder would end them."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from inkdigits.batch.crew import LocalCrew


class DeadlyCrew(LocalCrew):
    def __init__(self, name: str) -> None:
        super().__init__(1)
        self._name = name

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future[Any]:
        return super().submit(_with_a_deadly_picture, self._name, function, *arguments)


def _with_a_deadly_picture(name: str, function: Callable[..., Any], *arguments: Any) -> Any:
    from inkdigits.reading import pictures

    before = pictures.open_pages

    def open_pages(source: Any, called: str | None = None) -> Any:
        if str(called).endswith(name):
            os._exit(11)
        return before(source, called)

    pictures.open_pages = open_pages
    try:
        return function(*arguments)
    finally:
        pictures.open_pages = before

"""The progress of a training: one line on stderr, drawn at most four times a second."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

__all__ = ["ProgressLine", "progress_line"]


@dataclass(frozen=True)
class ProgressLine:
    """A line that counts steps; without a bar it shows nothing."""

    bar: Progress | None = None
    task: TaskID | None = None

    def show(self, done: int, text: str) -> None:
        """Show that `done` steps are done. Cheap: a thread of its own draws it four times a second."""
        if self.bar is not None and self.task is not None:
            self.bar.update(self.task, completed=done, description=text)


@contextmanager
def progress_line(total_steps: int, quiet: bool) -> Iterator[ProgressLine]:
    """A progress line for `total_steps`; silent with `quiet` and where stderr is no terminal."""
    if quiet or not sys.stderr.isatty():
        yield ProgressLine()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), refresh_per_second=4, transient=True) as bar:
        yield ProgressLine(bar, bar.add_task("training", total=total_steps))

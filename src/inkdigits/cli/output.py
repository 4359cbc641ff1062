"""Results go to stdout, as a table for people or as JSON for programs; everything else goes to stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from inkdigits.errors import DataError

__all__ = ["check_one_form", "csv_line", "percent", "print_json", "print_table", "say", "silent_if", "stoppable"]


def print_json(value: Any) -> None:
    """Print `value` as JSON on stdout."""
    print(json.dumps(value, indent=2, allow_nan=False))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str | None = None) -> None:
    """Print a table on stdout: the first column left, the others right."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, box=box.SIMPLE, title_justify="left", title_style="bold")
    for position, column in enumerate(columns):
        table.add_column(column, justify="right" if position else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    # A pipe has no width: give every column its room instead of cutting them at 80.
    Console(width=None if sys.stdout.isatty() else 200, highlight=False).print(table)


def percent(share: float | None, digits: int = 2) -> str:
    """A share in [0, 1] as a percentage; a dash for none."""
    return "-" if share is None else f"{100 * share:.{digits}f} %"


def say(line: str) -> None:
    """A line about what goes on, on stderr."""
    print(line, file=sys.stderr, flush=True)


def silent_if(quiet: bool) -> Callable[[str], None]:
    """`say`, or with `quiet` something that says nothing."""
    return (lambda line: None) if quiet else say


@contextmanager
def stoppable(told: Callable[[], str] = lambda: "stopped") -> Iterator[None]:
    """Inside, Ctrl-C or a polite kill ends the program with exit code 130 and one line on stderr: what `told` gives."""
    import typer

    try:
        yield
    except KeyboardInterrupt:
        say(f"inkdigits: {told()}")
        raise typer.Exit(130) from None


def csv_line(cells: Iterable[object]) -> str:
    """One row of a CSV, quoted where it must be, without the line's end."""
    import csv
    import io

    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue()


def check_one_form(as_csv: bool, as_json: bool) -> None:
    """Raise `DataError` when a result is asked for in both forms."""
    if as_csv and as_json:
        raise DataError("--csv and --json: choose one of them")

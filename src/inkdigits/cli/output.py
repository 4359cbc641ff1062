"""Results go to stdout, as a table for people or as JSON for programs; everything else goes to stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unicodedata import category

from inkdigits.errors import DataError
from inkdigits.system.html_table import percent

__all__ = [
    "check_one_form",
    "counted",
    "csv_line",
    "on_one_line",
    "percent",
    "print_json",
    "print_status",
    "print_table",
    "shortened",
    "status_printer",
    "stoppable",
]

_MIN_TEXT = 10  # characters in a line of a wrapped column


def on_one_line(text: str) -> str:
    """`text` with line breaks and other control characters escaped, which a file's name may hold."""
    return "".join(one if one.isprintable() or category(one) == "Zs" else repr(one)[1:-1] for one in text)


def print_json(value: Any) -> None:
    """Print `value` as JSON on stdout."""
    print(json.dumps(value, indent=2, allow_nan=False))


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], title: str | None = None, texts: Sequence[str] = ()
) -> None:
    """Print a table on stdout: the first column aligned left, the others right.

    Where a terminal is too narrow, the first column and those in `texts` are wrapped; numbers are never cut.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table

    cells = [[str(cell) for cell in row] for row in rows]
    wrapped = {0, *(place for place, column in enumerate(columns) if column in texts)}
    widest = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    least = [min(width, _MIN_TEXT) if place in wrapped else width for place, width in enumerate(widest)]
    # A pipe has no width, and Rich would assume 80 columns; cells hold names in brackets, which are no markup.
    console = Console(width=None if sys.stdout.isatty() else 200, highlight=False, markup=False)
    borders = len(columns) + 1
    padding = 1 if sum(least) + borders + 2 * len(columns) <= console.width else 0
    # Where the table is still wider, Rich would cut it; the terminal breaks its lines instead.
    console.width = max(console.width, sum(least) + borders)
    table = Table(title=title, box=box.SIMPLE, title_justify="left", title_style="bold", padding=(0, padding))
    for place, column in enumerate(columns):
        text = place in wrapped
        table.add_column(
            column, justify="left" if text else "right", no_wrap=not text, overflow="fold", min_width=least[place]
        )
    for row in cells:
        table.add_row(*row)
    console.print(table)


def counted(n: int, noun: str) -> str:
    """`n` and the noun, singular or plural: 1 epoch, 2,000 epochs."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def shortened(text: str, max_length: int) -> str:
    """`text` as one line of at most `max_length` characters; an ellipsis stands for what is left out."""
    line = " ".join(text.split())
    return line if len(line) <= max_length else f"{line[: max_length - 1].rstrip()}…"


def print_status(line: str) -> None:
    """Print a line about the progress of a command on stderr."""
    print(line, file=sys.stderr, flush=True)


def status_printer(quiet: bool) -> Callable[[str], None]:
    """`print_status`, or with `quiet` a function that prints nothing."""
    return (lambda line: None) if quiet else print_status


@contextmanager
def stoppable(message: Callable[[], str] = lambda: "stopped") -> Iterator[None]:
    """Inside, Ctrl-C or SIGTERM ends the program with exit code 130 and one line on stderr, the result of `message`."""
    import typer

    try:
        yield
    except KeyboardInterrupt:
        print_status(on_one_line(f"inkdigits: {message()}"))
        raise typer.Exit(130) from None


def csv_line(cells: Iterable[object]) -> str:
    """One row of a CSV file, quoted where necessary, without the line break."""
    import csv
    import io

    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue()


def check_one_form(as_csv: bool, as_json: bool) -> None:
    """Raise `DataError` when both output formats are asked for."""
    if as_csv and as_json:
        raise DataError("--csv and --json: choose one of them")

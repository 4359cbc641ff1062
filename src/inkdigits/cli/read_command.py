"""`read`: the digits in pictures."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inkdigits.cli.options import AsJson, Length, ReadingModel, RegionOption, parsed_region
from inkdigits.cli.output import check_one_form, csv_line, on_one_line, print_status, stoppable
from inkdigits.cli.reading_json import reading_lines
from inkdigits.errors import PictureError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from inkdigits.cli.drawings import Drawings
    from inkdigits.reading.reader import Reader, Region
    from inkdigits.reading.reading import Digit, Reading

__all__ = ["read"]

_STANDARD_INPUT = "-"
_MAX_UNSURE = 8  # unsure digits named in a table; the JSON has all of them


@stoppable()
def read(
    pictures: Annotated[
        list[str],
        typer.Argument(
            help="Pictures of any kind and size, TIFF and PDF with all their pages, folders, or - for standard input.",
            metavar="PICTURE",
        ),
    ],
    model: ReadingModel = None,
    region: RegionOption = None,
    length: Length = None,
    annotate: Annotated[
        Path | None,
        typer.Option(
            help="Draw boxes and values on the picture, into this new PNG, or into a PNG of its name in this folder.",
            metavar="PNG|DIR/",
        ),
    ] = None,
    debug: Annotated[
        Path | None,
        typer.Option(
            help="Draw every step from the picture to the network input into this new PNG, or into this folder.",
            metavar="PNG|DIR/",
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace drawings that inkdigits drew; no other file is ever replaced.")
    ] = False,
    preview: Annotated[
        bool,
        typer.Option("--preview", help="Show the picture with its boxes in the terminal too, on stderr."),
    ] = False,
    threads: Annotated[int | None, typer.Option(min=1, help="Cores to use. Default: all.", metavar="N")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print one row per digit as CSV.")] = False,
    as_json: AsJson = False,
) -> None:
    """Read handwritten digits: photos of paper, scans, drawings; dark or light ink, one digit or many rows."""
    check_one_form(as_csv, as_json)
    area = parsed_region(region)
    from inkdigits.cli.drawings import Drawings
    from inkdigits.reading.reader import Reader

    reader = Reader.load(model, threads=threads)
    drawings = Drawings.of(annotate, debug, preview=preview, force=force)
    found = _read_each(reader, pictures, area, length, drawings)
    form = reading_lines if as_json else _csv if as_csv else _table
    readings = _printed(found, form)
    drawings.print_files()
    if as_json or as_csv:
        _print_notes(readings)
    failed = [reading for reading in readings if reading.outcome == "error"]
    for reading in failed:
        print_status(f"inkdigits: {on_one_line(reading.error or '')}")
    if failed:
        raise typer.Exit(2 if len(failed) == len(readings) else 1)


def _print_notes(readings: Sequence[Reading]) -> None:
    for reading in readings:
        if reading.notes:
            print_status(f"inkdigits: {on_one_line(reading.path)}{_page(reading)}: {'; '.join(reading.notes)}")


def _page(reading: Reading) -> str:
    return f" page {reading.page}" if reading.page > 1 else ""


def _read_each(
    reader: Reader,
    sources: Sequence[str],
    region: Region | None,
    length: int | None,
    drawings: Drawings,
) -> Iterator[Reading]:
    """Read every page; the drawings are written along the way."""
    from inkdigits.reading.many import read_pages

    for result in read_pages(reader, _pictures(sources), region=region, length=length):
        if result.steps:
            drawings.draw(result.steps)
        yield result.reading


def _pictures(sources: Sequence[str]) -> Iterator[tuple[str, str | bytes | PictureError]]:
    """Each picture's name with its path, with the bytes of standard input, or with what is wrong with it.

    A folder stands for the pictures below it. Archives and tables are read by `inkdigits batch`.
    """
    from inkdigits.images.decode import MAX_BYTES, pictures_below, printable

    for source in sources:
        name = printable(source)
        if reason := _reason_for_batch(source):
            yield name, PictureError(f"{name}: {reason}")
        elif source == _STANDARD_INPUT:
            yield name, sys.stdin.buffer.read(MAX_BYTES + 1)
        elif Path(source).is_dir():
            try:
                yield from ((printable(str(file)), str(file)) for file in pictures_below(Path(source)))
            except PictureError as error:
                yield name, error
        else:
            yield name, source


def _reason_for_batch(source: str) -> str | None:
    """Why `source` is to be read by `batch`, if it is."""
    from inkdigits.batch.source_files import is_table, is_tar
    from inkdigits.images.decode import printable

    if not (is_tar(source) or is_table(source)) or not Path(source).is_file():
        return None
    return f"{'an archive' if is_tar(source) else 'a table'}: use inkdigits batch {printable(source)} --out RESULTS"


def _printed(
    readings: Iterator[Reading], form: Callable[[Iterator[Reading], list[Reading]], Iterator[str]]
) -> list[Reading]:
    """Print each reading as soon as it is complete."""
    done: list[Reading] = []
    for line in form(readings, done):
        print(line, flush=True)
    return done


def _table(readings: Iterator[Reading], done: list[Reading]) -> Iterator[str]:
    # Without Rich, whose import takes longer than reading a picture.
    yield f"{'picture':<40}  {'outcome':<16}  digits"
    for reading in readings:
        done.append(reading)
        outcome = reading.outcome.replace("_", " ")
        name = on_one_line(reading.path) + _page(reading)
        yield f"{name:<40}  {outcome:<16}  {_described(reading)}".rstrip()


def _described(reading: Reading) -> str:
    if reading.error:
        return on_one_line(reading.error).removeprefix(f"{on_one_line(reading.path)}: ")
    rows = " / ".join(reading.string.split("\n"))
    separators = {separator.box for separator in reading.separators}
    refused = sum(not digit.is_accepted and digit.box not in separators for digit in reading.digits)
    notes = [*reading.notes, *_unsure_notes(reading), *([f"{refused} not a digit"] if refused else [])]
    return f"{rows}  ({'; '.join(notes)})" if notes else rows


def _unsure_notes(reading: Reading) -> list[str]:
    unsure = [digit for digit in reading.digits if digit.outcome == "unsure"]
    named = [f"{one.value} or {one.second} at {one.box[0]},{one.box[1]}" for one in unsure[:_MAX_UNSURE]]
    more = len(unsure) - len(named)
    return [*named, f"… and {more:,} more (--json)"] if more else named


_COLUMNS = (
    *("path", "page", "reading", "row", "digit", "value", "probability", "second", "second_probability"),
    *("outcome", "x", "y", "w", "h", "string", "error"),
)


def _csv(readings: Iterator[Reading], done: list[Reading]) -> Iterator[str]:
    yield csv_line(_COLUMNS)
    for reading in readings:
        done.append(reading)
        text = reading.string.replace("\n", "/")
        head, tail = [reading.path, reading.page, reading.outcome], [text, reading.error or ""]
        if not reading.digits:
            yield csv_line([*head, *[""] * 11, *tail])
        for number, digit in enumerate(reading.digits):
            yield csv_line([*head, digit.row, number, *_cells(digit), *tail])


def _cells(digit: Digit) -> list[object]:
    values = digit.value, f"{digit.probability:.4f}", digit.second, f"{digit.second_probability:.4f}"
    return [*values, digit.outcome, *digit.box]

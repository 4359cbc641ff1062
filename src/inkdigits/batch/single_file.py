"""All parts in one file: Parquet, JSON Lines or CSV, part after part, so that memory holds one of them."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from inkdigits.batch.job import Job
from inkdigits.batch.results import tables
from inkdigits.batch.storage import open_storage, scratch
from inkdigits.batch.table import schema
from inkdigits.errors import DataError, output_error

__all__ = ["SINGLE_FILE_SUFFIXES", "check_single_file", "write_single_file"]

SINGLE_FILE_SUFFIXES = (".parquet", ".csv", ".jsonl")
_ROWS_A_GROUP = 100_000


def check_single_file(place: str) -> str:
    """`place`, when its name ends as one of the forms does. Raises `DataError`."""
    if PurePosixPath(place).suffix.lower() not in SINGLE_FILE_SUFFIXES:
        raise DataError(f"--single-file {place}: expected a name that ends in {', '.join(SINGLE_FILE_SUFFIXES)}")
    return place


def write_single_file(job: Job, place: str, parts: int) -> None:
    """Write the rows of all `parts` parts into the file `place`, whole or not at all, in the order of the source.

    In JSON Lines a row is an object as `Reading.to_dict` gives it, in CSV the digits are one cell of JSON; what the
    network saw stands in Parquet alone. Raises `OutputError`.
    """
    folder, _, name = job.place(place).rpartition("/")
    target, out = open_storage(folder or "/"), open_storage(job.place(job.out))
    write = _WRITERS[PurePosixPath(name).suffix.lower()]
    with scratch(target, name) as temporary:
        try:
            write(temporary, tables(out, parts))
        except OSError as error:
            raise output_error(error, place) from error
        target.put(name, temporary)


def _write_parquet(path: Path, found: Iterator[Any]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetWriter(path, schema(), compression="zstd") as writer:
        waiting: list[Any] = []
        for table in found:
            waiting.append(table.replace_schema_metadata(None))
            # Row groups as small as parts are slow to read.
            if sum(one.num_rows for one in waiting) >= _ROWS_A_GROUP:
                writer.write_table(pa.concat_tables(waiting).combine_chunks())
                waiting = []
        if waiting:
            writer.write_table(pa.concat_tables(waiting).combine_chunks())


def _write_json_lines(path: Path, found: Iterator[Any]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for row in _rows(found):
            file.write(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n")


def _write_csv(path: Path, found: Iterator[Any]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(
            file, [name for name in schema().names if name != "size"] + ["width", "height"], lineterminator="\n"
        )
        writer.writeheader()
        for row in _rows(found):
            width, height = row.pop("size")
            writer.writerow({**row, "width": width, "height": height, "digits": json.dumps(row["digits"])})


def _rows(found: Iterator[Any]) -> Iterator[dict[str, Any]]:
    for table in found:
        for row in table.to_pylist():
            for digit in row["digits"]:
                del digit["seen"]
            yield row


_WRITERS: dict[str, Callable[[Path, Iterator[Any]], None]] = {
    ".parquet": _write_parquet,
    ".jsonl": _write_json_lines,
    ".csv": _write_csv,
}

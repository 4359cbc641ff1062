"""All rows in one file: Parquet, JSON Lines or CSV, written part after part to keep memory small."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from inkdigits.batch.batch_job import BatchJob
from inkdigits.batch.results import tables
from inkdigits.batch.storage import Storage, joined, open_storage
from inkdigits.batch.table import schema
from inkdigits.errors import BatchError, DataError, OutputError
from inkdigits.system.typed_json import from_json

__all__ = ["SINGLE_FILES", "SINGLE_FILE_SUFFIXES", "check_single_file", "write_single_file"]

# The files that a batch wrote with all its rows, and their sizes; in its folder of results.
SINGLE_FILES = "single-files.json"
SINGLE_FILE_SUFFIXES = (".parquet", ".csv", ".jsonl")
_ROWS_A_GROUP = 100_000


def check_single_file(job: BatchJob, place: str) -> None:
    """Raise `DataError` for a name of another format, `OutputError` for a file that this batch did not write."""
    if PurePosixPath(place).suffix.lower() not in SINGLE_FILE_SUFFIXES:
        raise DataError(f"--single-file {place}: expected a name that ends in {' or '.join(SINGLE_FILE_SUFFIXES)}")
    target, name = _folder_and_name(job, place)
    if target.exists(name) and _size(target, name) != _written(job).get(job.place(place)):
        raise OutputError(f"{place}: exists already and was not written by this batch: choose another --single-file")


def write_single_file(job: BatchJob, place: str, parts: int) -> None:
    """Write the rows of all `parts` parts into the file `place`, whole or not at all, in the order of the source.

    In JSON Lines a row is an object as of `Reading.to_dict`, in CSV the digits are one cell of JSON; only Parquet holds
    the network inputs. Raises `OutputError`.
    """
    out, (target, name) = open_storage(job.place(job.out)), _folder_and_name(job, place)
    write = _WRITERS[PurePosixPath(name).suffix.lower()]
    with target.new_file(name) as temporary:
        write(temporary, tables(out, parts))
        check_single_file(job, place)
        # Before the file exists, so that after a kill the batch still recognizes its own file.
        written = {**_written(job), job.place(place): temporary.stat().st_size}
        out.write(SINGLE_FILES, json.dumps(written, indent=2).encode())


def _folder_and_name(job: BatchJob, place: str) -> tuple[Storage, str]:
    folder, _, name = job.place(place).rpartition("/")
    return open_storage(folder or "/"), name


def _size(target: Storage, name: str) -> int:
    target.fs.invalidate_cache()
    return int(target.fs.size(target.path(name)))


def _written(job: BatchJob) -> dict[str, int]:
    """The size in bytes of each single file that this batch wrote, by its place."""
    out = open_storage(job.place(job.out))
    if not out.exists(SINGLE_FILES):
        return {}
    try:
        return from_json(dict[str, int], json.loads(out.read(SINGLE_FILES)))
    except ValueError as error:
        place = joined(out.url, SINGLE_FILES)
        raise BatchError(f"{place}: {error}: remove it and choose another --single-file") from error


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
                del digit["network_input"]
            yield row


_WRITERS: dict[str, Callable[[Path, Iterator[Any]], None]] = {
    ".parquet": _write_parquet,
    ".jsonl": _write_json_lines,
    ".csv": _write_csv,
}

"""The list of all pictures of a source by part, written once, so that a part never changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import astuple, replace
from itertools import groupby, islice
from typing import Any

from inkdigits.batch.batch_job import BatchJob, BatchPart, SourceEntry
from inkdigits.batch.containers import table_entries, tar_entries
from inkdigits.batch.source_files import files_of, is_table, is_tar
from inkdigits.batch.storage import Storage
from inkdigits.errors import BatchError
from inkdigits.images.decode import printable

__all__ = ["LISTING", "check_source", "read_parts", "write_listing"]

LISTING = "listing.parquet"
_ROWS_AT_A_TIME = 10_000


def check_source(job: BatchJob) -> None:
    """Raise `BatchError` where `job.source` is missing or holds no pictures, before the folder of results is made.

    Archives and tables are not opened.
    """
    if next(files_of(job.source, job.folder), None) is None:
        raise BatchError(f"{job.source}: no pictures in it")


def write_listing(job: BatchJob, out: Storage) -> tuple[int, int]:
    """List the pictures of `job.source` into `out` and return how many pictures and parts there are.

    Raises `BatchError` where there are none, or an archive or table cannot be read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    pictures = parts = 0
    with out.new_file(LISTING) as temporary:
        with pq.ParquetWriter(temporary, _schema(), compression="zstd") as writer:
            for rows in _in_groups(_cut(_entries(job, out), job.options.part_size)):
                columns = zip(*(_row(part, entry) for part, entry in rows), strict=True)
                writer.write_table(pa.table([list(column) for column in columns], _schema()))
                pictures += sum(entry.pictures for _, entry in rows)
                parts = rows[-1][0] + 1
        if not pictures:
            raise BatchError(f"{job.source}: no pictures in it")
    return pictures, parts


def _schema() -> Any:
    import pyarrow as pa

    text, whole = pa.string(), pa.int64()
    # A file's name is bytes, which need not be valid UTF-8.
    names = {"part": whole, "kind": text, "path": pa.binary(), "name": text}
    return pa.schema({**names, "offset": whole, "size": whole, "container_bytes": whole, "container_ends": text})


def _row(part: int, entry: SourceEntry) -> tuple[Any, ...]:
    kind, path, *others = astuple(entry)
    return part, kind, path.encode("utf-8", "surrogateescape"), *others


def _entries(job: BatchJob, out: Storage) -> Iterator[SourceEntry]:
    for number, path in enumerate(files_of(job.source, job.folder)):
        if is_tar(path):
            yield from tar_entries(path, job.place(path), out, number)
        elif is_table(path):
            yield from table_entries(path, job.place(path), job.options.column)
        else:
            yield SourceEntry("file", path, printable(path))


def _cut(entries: Iterable[SourceEntry], part_size: int) -> Iterator[tuple[int, SourceEntry]]:
    """Each entry with the number of its part; the rows of a table may be divided among several parts."""
    part, room = 0, part_size
    for whole in entries:
        entry = whole
        while entry.pictures > room:
            if room:
                yield part, replace(entry, size=room)
                entry = replace(entry, offset=entry.offset + room, size=entry.size - room)
            part, room = part + 1, part_size
        room -= entry.pictures
        yield part, entry


def _in_groups(rows: Iterator[tuple[int, SourceEntry]]) -> Iterator[list[tuple[int, SourceEntry]]]:
    while group := list(islice(rows, _ROWS_AT_A_TIME)):
        yield group


def read_parts(out: Storage) -> Iterator[BatchPart]:
    """The parts that the listing in `out` holds, one after the other."""
    first = 0
    for number, rows in groupby(_listed(out), key=lambda row: row[0]):
        part = BatchPart(number, first, tuple(entry for _, entry in rows))
        first += part.pictures
        yield part


def _listed(out: Storage) -> Iterator[tuple[int, SourceEntry]]:
    import pyarrow.parquet as pq

    try:
        with out.fs.open(out.path(LISTING), "rb") as file:
            for batch in pq.ParquetFile(file).iter_batches(batch_size=_ROWS_AT_A_TIME):
                for row in batch.to_pylist():
                    yield (
                        row.pop("part"),
                        SourceEntry(**{**row, "path": row["path"].decode("utf-8", "surrogateescape")}),
                    )
    except (OSError, ValueError) as error:
        raise BatchError(f"{out.place}/{LISTING}: damaged: {error}: start again with another --out") from error

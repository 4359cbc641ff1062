"""Fetches the pictures of a part from files, URLs, archives and tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ftplib import error_perm
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from inkdigits.batch.batch_job import BatchJob, BatchPart, SourceEntry
from inkdigits.batch.containers import check_unchanged, picture_column
from inkdigits.batch.storage import Storage, is_url, open_storage
from inkdigits.errors import BatchError, PictureError, one_line
from inkdigits.images.decode import MAX_BYTES, printable

__all__ = ["FetchedPicture", "fetched"]

# Errors about one file; any other error means that the server is not there.
_FILE_ERRORS = (PermissionError, IsADirectoryError, error_perm)
# How many files behind a URL are fetched at the same time, since each takes a round trip, and rows of a table.
_AT_A_TIME = 32


# A picture's name with its path, its bytes, or the error that fetching it gave.
FetchedPicture = tuple[str, Path | bytes | PictureError]


def fetched(job: BatchJob, part: BatchPart) -> Iterator[FetchedPicture]:
    """Every picture of `part`, in order. Raises `BatchError` when an archive or table has changed or cannot be read."""
    for (kind, path), entries in groupby(part.entries, key=lambda entry: (entry.kind, _shared(entry))):
        if kind == "file":
            yield from _files(job, entries)
        elif kind == "tar":
            yield from _members(path, list(entries))
        else:
            yield from (one for entry in entries for one in _rows(entry, job.options.column))


def _shared(entry: SourceEntry) -> str:
    return "" if entry.kind == "file" else entry.path


def _files(job: BatchJob, entries: Iterator[SourceEntry]) -> Iterator[FetchedPicture]:
    for server, group in groupby(entries, key=lambda entry: _server(entry.path)):
        if server is None:
            yield from ((entry.name, Path(job.place(entry.path))) for entry in group)
        else:
            yield from _fetched_ahead([entry.path for entry in group])


def _server(path: str) -> str | None:
    """The connection for `path`: one for all of HTTP, else one per host or archive; None for a local file."""
    if not is_url(path):
        return None
    first, _, around = path.partition("::")
    kind, _, place = first.partition("://")
    if around:
        return f"{kind}::{around}"
    return "http" if kind in {"http", "https"} else f"{kind}://{place.partition('/')[0]}"


def _fetched_ahead(urls: Sequence[str]) -> Iterator[FetchedPicture]:
    """Fetch the next group while one is read, which takes about as long as a round trip."""
    from concurrent.futures import ThreadPoolExecutor

    storage = open_storage(urls[0])
    groups = [urls[start : start + _AT_A_TIME] for start in range(0, len(urls), _AT_A_TIME)]
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(_from_urls, storage, groups[0])
        for following in [*groups[1:], None]:
            group = coming.result()
            if following:
                coming = thread.submit(_from_urls, storage, following)
            yield from group


def _from_urls(storage: Storage, urls: Sequence[str]) -> list[FetchedPicture]:
    paths = [str(storage.fs._strip_protocol(url)) for url in urls]
    with storage.reading():
        found = storage.fs.cat(paths, on_error="return")
        contents = (found.get(path, FileNotFoundError(path)) for path in paths)
        names = map(printable, urls)
        return [(name, _checked(storage, name, content)) for name, content in zip(names, contents, strict=True)]


def _checked(storage: Storage, name: str, content: bytes | Exception) -> bytes | PictureError:
    if isinstance(content, FileNotFoundError):
        return PictureError(f"{name}: no such file")
    if isinstance(content, Exception):
        if storage.is_one_server and not isinstance(content, _FILE_ERRORS):
            raise content
        return PictureError(f"{name}: cannot be read: {' '.join(str(content).split()) or type(content).__name__}")
    return content


def _members(path: str, entries: Sequence[SourceEntry]) -> Iterator[FetchedPicture]:
    storage = _unchanged(path, entries[0])
    with storage.reading(), storage.fs.open(storage.root, "rb") as archive:
        for entry in entries:
            if entry.size > MAX_BYTES:
                yield entry.name, PictureError(f"{entry.name}: {entry.size:,} bytes, expected at most {MAX_BYTES:,}")
                continue
            archive.seek(entry.offset)
            content = archive.read(entry.size)
            yield entry.name, content or PictureError(f"{entry.name}: empty, expected a picture")


def _rows(entry: SourceEntry, column: str | None) -> Iterator[FetchedPicture]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    storage = _unchanged(entry.path, entry)
    with storage.reading(), storage.fs.open(storage.root, "rb") as file:
        try:
            table = pq.ParquetFile(file)
            chosen = picture_column(table.schema_arrow, column, entry.name)
            values = islice(_values(table, chosen, entry.offset), entry.size)
            for number, value in enumerate(values, start=entry.offset):
                name = f"{entry.name}#{number}"
                yield name, value.as_py() or PictureError(f"{name}: empty, expected the bytes of a picture")
        except (OSError, pa.ArrowInvalid) as error:
            raise BatchError(f"{entry.name}: cannot be read as Parquet: {one_line(error)}") from error


def _values(table: Any, column: str, first: int) -> Iterator[Any]:
    """The values of the column from the row `first` on, without reading the row groups before it."""
    import pyarrow as pa

    metadata, group = table.metadata, 0
    while first >= metadata.row_group(group).num_rows:
        first, group = first - metadata.row_group(group).num_rows, group + 1
    groups = range(group, metadata.num_row_groups)
    for batch in table.iter_batches(batch_size=_AT_A_TIME, row_groups=groups, columns=[column]):
        values = batch.column(0)
        yield from (values.field("bytes") if pa.types.is_struct(values.type) else values)[first:]
        first = max(0, first - batch.num_rows)


def _unchanged(path: str, entry: SourceEntry) -> Storage:
    storage = open_storage(path)
    check_unchanged(path, storage, entry)
    return storage

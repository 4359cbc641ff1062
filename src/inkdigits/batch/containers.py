"""Archives and tables of pictures: the position of each picture, so that any worker can fetch it."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from typing import IO, Any

from inkdigits.batch.batch_job import SourceEntry
from inkdigits.batch.source_files import is_picture_name
from inkdigits.batch.storage import Storage, joined, open_storage
from inkdigits.errors import BatchError, one_line
from inkdigits.images.decode import printable

__all__ = ["UNPACKED", "check_unchanged", "is_compressed", "picture_column", "table_entries", "tar_entries", "unpacked"]

# Compressed archives are unpacked into this folder of the results, since they cannot be read from the middle.
UNPACKED = "unpacked"
# The end mark behind the last member of a tar archive.
_CLOSING = bytes(512)


def tar_entries(path: str, place: str, out: Storage, number: int) -> Iterator[SourceEntry]:
    """The pictures in the tar archive `path`, which is at `place`; a compressed one is unpacked into `out`.

    Raises `BatchError` for a damaged archive, `OutputError` when it cannot be unpacked for lack of space.
    """
    storage = open_storage(place)
    if is_compressed(path):
        storage = unpacked(path, place, out, f"{UNPACKED}/{number:06d}.tar")
    with storage.reading(), storage.fs.open(storage.root, "rb") as file:
        try:
            yield from _members(file, path, storage)
        except (tarfile.TarError, EOFError) as error:
            raise BatchError(f"{path}: cannot be read as a tar archive: {error or type(error).__name__}") from error


def is_compressed(path: str) -> bool:
    """Whether the tar archive `path` is a compressed one, by its name."""
    return not path.lower().endswith(".tar")


def unpacked(path: str, place: str, out: Storage, name: str) -> Storage:
    """Unpack the compressed archive `path` at `place` into `out` as the tar `name`, and return where that is.

    Raises `BatchError` for a damaged archive, `OutputError` when `out` cannot be written.
    """
    with out.new_file(name) as temporary, temporary.open("wb") as target:
        for chunk in _decompressed(path, open_storage(place)):
            target.write(chunk)
    return open_storage(joined(out.place, name))


def check_unchanged(path: str, storage: Storage, entry: SourceEntry) -> None:
    """Raise `BatchError` where the archive or table `path`, in `storage`, is not the one that was listed."""
    with storage.reading():
        try:
            size = int(storage.fs.size(storage.root))
        except FileNotFoundError as error:
            raise BatchError(f"{path}: missing since the batch began: restore it and rerun the same command") from error
    how = f"{entry.container_bytes:,} bytes then, {size:,} now"
    if size == entry.container_bytes:
        if storage.ends() == entry.container_ends:
            return
        how = "of the same size with other content"
    raise BatchError(
        f"{path}: changed since the batch began, {how}: restore it and rerun the same command, or choose another --out"
    )


def _members(file: IO[bytes], path: str, storage: Storage) -> Iterator[SourceEntry]:
    container_bytes, ends = int(storage.fs.size(storage.root)), storage.ends()
    with tarfile.open(fileobj=file, mode="r:") as archive:
        for member in archive:
            # tarfile keeps every member that it has read.
            archive.members = []  # type: ignore[attr-defined]
            if member.isfile() and not member.issparse() and is_picture_name(member.name):
                name, place = printable(f"{path}/{member.name}"), storage.url
                yield SourceEntry("tar", place, name, member.offset_data, member.size, container_bytes, ends)
        file.seek(archive.offset)
        if file.read(len(_CLOSING)) != _CLOSING:
            raise BatchError(
                f"{path}: no end mark after its last member, so it was cut off or damaged there: fetch it again; if "
                f"it is known to be complete, append the mark: head -c 1024 /dev/zero >> {path}"
            )


def _decompressed(path: str, storage: Storage) -> Iterator[bytes]:
    """The tar inside a compressed archive, in chunks. Raises `BatchError` also for an `OSError` of reading."""
    import bz2
    import gzip
    import lzma
    import zlib

    openers: dict[bytes, Any] = {b"\x1f\x8b": gzip.open, b"BZ": bz2.open, b"\xfd7": lzma.open}
    try:
        with storage.fs.open(storage.root, "rb") as file:
            head = file.read(2)
            file.seek(0)
            if head not in openers:
                raise BatchError(
                    f"{path}: its name says gzip, bzip2 or xz, but it is compressed with none of them: rename it"
                )
            with openers[head](file, "rb") as content:
                while chunk := content.read(1 << 20):
                    yield chunk
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        reason = error or type(error).__name__
        raise BatchError(f"{path}: a damaged archive, which cannot be unpacked: {reason}: fetch it again") from error


def table_entries(path: str, place: str, column: str | None) -> Iterator[SourceEntry]:
    """The rows of the Parquet table `path`, which is at `place`. Raises `BatchError` without a column of pictures."""
    import pyarrow.parquet as pq

    storage = open_storage(place)
    with storage.reading(), storage.fs.open(storage.root, "rb") as file:
        size = int(storage.fs.size(storage.root))
        try:
            table = pq.ParquetFile(file)
            picture_column(table.schema_arrow, column, path)
            rows = table.metadata.num_rows
        except (OSError, ValueError) as error:  # pyarrow's own errors are ValueErrors
            raise BatchError(f"{path}: cannot be read as Parquet: {one_line(error)}") from error
    if rows:
        yield SourceEntry("parquet", place, printable(path), 0, rows, size, storage.ends())


def picture_column(schema: Any, wanted: str | None, name: str) -> str:
    """The column of pictures, as `iter_batches` takes it: of bytes, or a struct with a field `bytes`.

    Raises `BatchError` when it is missing, of another type, or when several could be meant.
    """
    import pyarrow as pa

    def of_bytes(kind: Any) -> bool:
        return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))

    found: dict[str, str] = {}
    for field in schema:
        if of_bytes(field.type):
            found[field.name] = field.name
        elif pa.types.is_struct(field.type):
            # The layout of pictures in the data sets of Hugging Face.
            index = field.type.get_field_index("bytes")
            if index >= 0 and of_bytes(field.type.field(index).type):
                found[field.name] = f"{field.name}.bytes"
    if wanted is not None and wanted in found:
        return found[wanted]
    if wanted is None and len(found) == 1:
        return next(iter(found.values()))
    expected = f"expected {wanted} among them" if wanted else "expected one: choose it with --column"
    raise BatchError(f"{name}: columns of bytes: {', '.join(found) or 'none'}: {expected}")

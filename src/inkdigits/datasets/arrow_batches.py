"""The rows of Parquet and Arrow files, a few thousand at a time, so that a file may be larger than memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from inkdigits.errors import DataError, one_line

__all__ = ["SUFFIXES", "tables_in"]

SUFFIXES = (".parquet", ".arrow")
_ROWS = 4096
_READ_AHEAD = 2**16  # bytes of a column


def tables_in(path: Path) -> Iterator[Any]:
    """The rows of the file `path` in their order, as PyArrow's tables of at least one row.

    Raises `DataError` when it is missing or damaged, also after some of the tables.
    """
    import pyarrow

    try:
        for batch in _parquet_batches(path) if path.suffix == ".parquet" else _arrow_batches(path):
            if batch.num_rows:
                yield pyarrow.Table.from_batches([batch])
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(f"{path}: damaged, or not a {path.suffix[1:]} file ({one_line(error)})") from error


def _parquet_batches(path: Path) -> Iterator[Any]:
    from pyarrow import parquet

    # With a buffer, a column of a row group is read as it is decoded, however long it is.
    with parquet.ParquetFile(path, buffer_size=_READ_AHEAD, pre_buffer=False) as file:
        yield from file.iter_batches(_ROWS)


def _arrow_batches(path: Path) -> Iterator[Any]:
    import pyarrow
    from pyarrow import ipc

    with pyarrow.memory_map(str(path)) as file:
        magic = file.read(6)
        file.seek(0)
        if magic == b"ARROW1":
            reader = ipc.open_file(file)
            batches = (reader.get_batch(number) for number in range(reader.num_record_batches))
        else:
            batches = iter(ipc.open_stream(file))
        for batch in batches:
            yield from (batch.slice(start, _ROWS) for start in range(0, batch.num_rows, _ROWS))

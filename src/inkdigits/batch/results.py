"""A folder of results, read again: its rows one after the other, in the order of the source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from inkdigits.batch.part_reader import part_name
from inkdigits.batch.storage import Storage
from inkdigits.errors import BatchError

__all__ = ["tables"]


def tables(out: Storage, parts: int) -> Iterator[Any]:
    """The Arrow table of each of the `parts` parts in `out`. Raises `BatchError` that names a damaged one."""
    import pyarrow.parquet as pq

    for number in range(parts):
        try:
            with out.fs.open(out.path(part_name(number)), "rb") as file:
                yield pq.ParquetFile(file).read()
        except (OSError, ValueError) as error:
            raise BatchError(
                f"{out.url}/{part_name(number)}: damaged ({' '.join(str(error).split())}): remove it and run the same "
                "command again"
            ) from error

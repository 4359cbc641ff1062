"""The files of results: their names, and what they hold."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

from inkdigits.batch.storage import Storage
from inkdigits.batch.table import outcome_counts
from inkdigits.errors import BatchError, one_line

__all__ = ["PARTS", "count_rows", "part_name", "part_numbers", "remove_parts_with_errors", "tables"]

PARTS = "parts"
_PART = re.compile(r"part-(\d{8,})\.parquet")
# Files behind a URL whose rows are counted at the same time, since each takes a round trip.
_THREADS, _AT_A_TIME = 16, 1000


def part_name(number: int) -> str:
    """The path of a part's table below the folder of results."""
    return f"{PARTS}/part-{number:08d}.parquet"


def part_numbers(out: Storage) -> set[int]:
    """The numbers of the parts that are written."""
    return {int(match[1]) for name in out.names(PARTS) if (match := _PART.fullmatch(name))}


def tables(out: Storage, parts: int) -> Iterator[Any]:
    """The Arrow table of each of the `parts` parts in `out`. Raises `BatchError` that names a damaged one."""
    import pyarrow.parquet as pq

    for number in range(parts):
        with _opened(out, number) as file:
            table = pq.ParquetFile(file).read()
        yield table


def count_rows(out: Storage, numbers: Iterable[int]) -> Counter[str]:
    """The rows of these parts by outcome. Raises `BatchError` that names a damaged part."""
    from concurrent.futures import ThreadPoolExecutor

    counts: Counter[str] = Counter()
    coming = iter(numbers)
    with ThreadPoolExecutor(_THREADS) as threads:
        # A few at a time, since every submitted call takes memory.
        while some := list(islice(coming, _AT_A_TIME)):
            for found in threads.map(lambda number: _rows_of(out.reopened(), number), some):
                counts.update(found)
    return counts


def remove_parts_with_errors(out: Storage) -> None:
    """Remove every part that holds a picture in error, so that it is read again."""
    for number in sorted(part_numbers(out)):
        if _rows_of(out, number)["error"]:
            out.remove(part_name(number))


def _rows_of(out: Storage, number: int) -> dict[str, int]:
    import pyarrow.parquet as pq

    with _opened(out, number) as file:
        return outcome_counts(pq.read_metadata(file).metadata)


@contextmanager
def _opened(out: Storage, number: int) -> Iterator[Any]:
    try:
        with out.fs.open(out.path(part_name(number)), "rb") as file:
            yield file
    except (OSError, ValueError) as error:  # pyarrow's own errors are ValueErrors
        raise BatchError(
            f"{out.url}/{part_name(number)}: damaged ({one_line(error)}): remove it and run the same command again"
        ) from error

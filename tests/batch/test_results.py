"""The files of results."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from inkdigits.batch.results import count_rows, part_name, part_numbers, remove_parts_with_errors, tables
from inkdigits.batch.storage import open_storage
from inkdigits.errors import BatchError


def test_parts_are_counted_and_read_in_order(results: Path) -> None:
    out = open_storage(str(results))
    assert part_numbers(out) == set(range(7))
    assert count_rows(out, range(7)) == {"read": 20, "error": 1, "blank": 0, "nothing_accepted": 0}
    numbers = [number for table in tables(out, 7) for number in table["picture"].to_pylist()]
    assert numbers == list(range(21))


def test_parts_with_errors_are_removed(results: Path, tmp_path: Path) -> None:
    out = open_storage(str(shutil.copytree(results, tmp_path / "out")))
    remove_parts_with_errors(out)
    assert part_numbers(out) == {1, 2, 3, 4, 5, 6}


def test_a_damaged_part_is_named(results: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(results, tmp_path / "out")
    (copy / part_name(2)).write_bytes(b"PAR1")
    out = open_storage(str(copy))
    for use in (lambda: list(tables(out, 7)), lambda: count_rows(out, range(7))):
        with pytest.raises(BatchError, match=r"parts/part-00000002\.parquet: damaged .*: remove it and run the same"):
            use()

"""The list of all pictures, by part."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from inkdigits.batch.listing import LISTING, read_parts, write_listing
from inkdigits.batch.storage import open_storage
from inkdigits.errors import BatchError
from tests.batch.in_process import job_of


def test_a_table_is_divided_among_parts(scans: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "a.png").touch()
    pq.write_table(pa.table({"image": [b"1"] * 5}), source / "b.parquet")
    (source / "c.png").touch()
    out = open_storage(str(tmp_path / "out"))
    assert write_listing(job_of(source, tmp_path / "out"), out) == (7, 3)
    parts = list(read_parts(out))
    assert [(part.number, part.first, part.pictures) for part in parts] == [(0, 0, 3), (1, 3, 3), (2, 6, 1)]
    rows = [(entry.kind, entry.offset, entry.size) for part in parts for entry in part.entries if entry.kind != "file"]
    assert rows == [("parquet", 0, 2), ("parquet", 2, 3)]


def test_a_damaged_listing_is_named(results: Path, tmp_path: Path) -> None:
    (tmp_path / LISTING).write_text("no table")
    with pytest.raises(BatchError, match=f"{tmp_path}/{LISTING}: damaged: .*start again with another out"):
        list(read_parts(open_storage(str(tmp_path))))

"""Pictures are fetched from the archives and tables that were listed, or the batch stops."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from inkdigits.batch.batch_job import BatchPart, SourceEntry
from inkdigits.batch.contents import fetched
from inkdigits.errors import BatchError, PictureError
from inkdigits.images.decode import MAX_BYTES
from tests.batch.conftest import png, write_tar
from tests.batch.in_process import job_of, read_here


@pytest.mark.parametrize("kind", ["tar", "parquet", "tar.gz"])
def test_another_source_of_the_same_size_is_noticed(tmp_path: Path, kind: str) -> None:
    def write(order: range) -> Path:
        contents = [png(number) for number in order]
        if kind == "parquet":
            column = pa.array([content.ljust(1000, b"\0") for content in contents], pa.binary())
            pq.write_table(pa.table({"image": column}), source, compression="none", use_dictionary=False)
            return source
        with tarfile.open(source, "w:gz" if kind == "tar.gz" else "w") as archive:
            for number, content in zip(order, contents, strict=True):
                member = tarfile.TarInfo(f"{number:03d}.png")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
        return source

    source = tmp_path / f"scans.{kind}"
    read_here(write(range(9)), tmp_path / "out")
    (tmp_path / "out" / "parts" / "part-00000001.parquet").unlink()
    write(range(8, -1, -1))
    with pytest.raises(BatchError, match="changed since the batch began"):
        read_here(source, tmp_path / "out")
    write(range(9))
    assert read_here(source, tmp_path / "out").pictures == 3


def test_a_changed_and_a_missing_archive_are_noticed(scans: Path, tmp_path: Path) -> None:
    source = write_tar(scans, tmp_path / "scans.tar", "w")
    read_here(source, tmp_path / "out")
    (tmp_path / "out" / "parts" / "part-00000001.parquet").unlink()
    source.write_bytes(source.read_bytes() + b"\0" * 512)
    with pytest.raises(BatchError, match=r"changed since the batch began, [\d,]+ bytes then, [\d,]+ now: restore it"):
        read_here(source, tmp_path / "out")
    source.unlink()
    with pytest.raises(BatchError, match="missing since the batch began: restore it"):
        read_here(source, tmp_path / "out")


def test_empty_and_too_large_members_are_pictures_with_an_error(tmp_path: Path) -> None:
    source = tmp_path / "scans.tar"
    source.write_bytes(png(0))
    ends = open_ends(source)
    size = source.stat().st_size
    entries = [
        SourceEntry("tar", str(source), name, 0, length, size, ends)
        for name, length in (("empty.png", 0), ("whole.png", size), ("large.png", MAX_BYTES + 1))
    ]
    found = list(fetched(job_of(source, tmp_path / "out"), BatchPart(0, 0, tuple(entries))))
    assert [name for name, _ in found] == ["empty.png", "whole.png", "large.png"]
    empty, whole, large = (content for _, content in found)
    assert isinstance(empty, PictureError)
    assert str(empty) == "empty.png: empty, expected a picture"
    assert whole == png(0)
    assert isinstance(large, PictureError)
    assert "expected at most" in str(large)


def test_rows_of_a_table_are_fetched_from_any_row_on(tmp_path: Path) -> None:
    values = [bytes([number]) for number in range(1, 101)]
    values[70] = b""
    source = tmp_path / "table.parquet"
    pq.write_table(pa.table({"image": values}), source, row_group_size=40)
    size, ends = source.stat().st_size, open_ends(source)
    for first in (0, 39, 40, 65):
        entry = SourceEntry("parquet", str(source), "table.parquet", first, 35, size, ends)
        found = list(fetched(job_of(source, tmp_path / "out"), BatchPart(0, 0, (entry,))))
        assert [name for name, _ in found] == [f"table.parquet#{number}" for number in range(first, first + 35)]
        contents = [b"" if isinstance(content, PictureError) else content for _, content in found]
        assert contents == values[first : first + 35]


def open_ends(path: Path) -> str:
    from inkdigits.batch.storage import open_storage

    return open_storage(str(path)).ends()

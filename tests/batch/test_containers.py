"""Archives and tables as sources: where their pictures are, and what is wrong with damaged ones."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pyarrow as pa
import pytest

from inkdigits.batch.containers import picture_column, tar_entries
from inkdigits.batch.storage import open_storage
from inkdigits.errors import BatchError
from tests.batch.conftest import png, rows_of, write_tar
from tests.batch.in_process import read_here


@pytest.mark.parametrize("suffix", ["gz", "bz2", "xz"])
def test_a_damaged_compressed_archive_is_named(scans: Path, tmp_path: Path, suffix: str) -> None:
    source = write_tar(scans, tmp_path / f"scans.tar.{suffix}", f"w:{suffix}")
    content = bytearray(source.read_bytes())
    for damaged in (content[: len(content) // 2], content[:2000] + bytes(500) + content[2500:]):
        source.write_bytes(damaged)
        with pytest.raises(BatchError, match="a damaged archive, which cannot be unpacked"):
            read_here(source, tmp_path / "out")


def test_an_archive_under_the_name_of_another_compression_is_refused(scans: Path, tmp_path: Path) -> None:
    source = write_tar(scans, tmp_path / "scans.tar.gz", "w")
    with pytest.raises(BatchError, match="its name says gzip, bzip2 or xz"):
        read_here(source, tmp_path / "out")


def test_an_archive_that_fills_the_disk_is_not_called_damaged(scans: Path, tmp_path: Path) -> None:
    source = write_tar(scans, tmp_path / "scans.tar.gz", "w:gz")
    # A limit on the size of files stands in for a full disk.
    shell = f"ulimit -f 8; exec {sys.executable} -m inkdigits batch {source} --out {tmp_path / 'out'}"
    result = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert result.stderr.startswith(f"inkdigits: cannot write {tmp_path / 'out'}/unpacked/000000.tar: ")
    assert len(result.stderr.splitlines()) == 1, result.stderr


def test_an_archive_that_was_cut_off_between_two_members_is_refused(scans: Path, tmp_path: Path) -> None:
    whole = write_tar(scans, tmp_path / "whole.tar", "w")
    with tarfile.open(whole) as archive:
        place = archive.getmembers()[12].offset
    source = tmp_path / "cut.tar"
    source.write_bytes(whole.read_bytes()[:place])
    with pytest.raises(BatchError, match="no end mark after its last member"):
        read_here(source, tmp_path / "out")
    source.write_bytes(whole.read_bytes()[:place] + bytes(1024))
    assert read_here(source, tmp_path / "out").manifest.rows["read"] > 0


def test_entries_say_where_in_the_archive_each_picture_is(scans: Path, tmp_path: Path) -> None:
    source = write_tar(scans, tmp_path / "scans.tar", "w")
    entries = list(tar_entries("scans.tar", str(source), open_storage(str(tmp_path / "out")), 0))
    content = source.read_bytes()
    names = {entry.name: content[entry.offset : entry.offset + entry.size] for entry in entries}
    assert names["scans.tar/deep/er/box1/003.png"] == png(3)
    assert names["scans.tar/deep/er/broken.png"] == b"no picture"
    assert len(names) == 21


def test_names_that_are_not_utf_8_are_read_and_escaped(tmp_path: Path) -> None:
    scans = tmp_path / os.fsdecode(b"b\xe9")
    scans.mkdir()
    (scans / os.fsdecode(b"a\xff.png")).write_bytes(png(0))
    with tarfile.open(scans / "b.tar", "w") as archive:
        archive.add(scans / os.fsdecode(b"a\xff.png"), os.fsdecode(b"c\xfe.png"))
    (scans / "gone.png").write_text("no picture")
    read_here(scans, tmp_path / "out")
    rows = rows_of(tmp_path / "out")
    names = ["a\\xff.png", "b.tar/c\\xfe.png", "gone.png"]
    assert [row["path"] for row in rows] == [f"{tmp_path}/b\\xe9/{name}" for name in names]
    assert [row["string"] for row in rows] == ["5", "5", ""]
    assert rows[2]["error"].startswith(f"{tmp_path}/b\\xe9/gone.png: not a picture")


STRUCT = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


@pytest.mark.parametrize(
    ("columns", "wanted", "expected"),
    [
        ({"id": pa.int64(), "image": pa.binary()}, None, "image"),
        ({"image": STRUCT}, None, "image.bytes"),
        ({"a": pa.large_binary(), "b": pa.binary()}, "b", "b"),
        ({"a": pa.binary(), "b": pa.binary()}, None, "columns of bytes: a, b: expected one: choose it with --column"),
        ({"a": pa.binary()}, "c", "columns of bytes: a: expected c among them"),
        ({"a": pa.int64()}, None, "columns of bytes: none"),
    ],
)
def test_the_column_of_pictures(columns: dict[str, pa.DataType], wanted: str | None, expected: str) -> None:
    schema = pa.schema(columns)
    if ":" not in expected:
        assert picture_column(schema, wanted, "t.parquet") == expected
        return
    with pytest.raises(BatchError, match=f"t.parquet: {expected}"):
        picture_column(schema, wanted, "t.parquet")

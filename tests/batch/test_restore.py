"""Parts of finished results that are read again from a compressed archive."""

from __future__ import annotations

from pathlib import Path

import pytest

from inkdigits.errors import BatchError
from tests.batch.conftest import rows_of, write_tar
from tests.batch.in_process import read_here


def test_a_part_of_a_compressed_archive_is_read_again_after_the_end(scans: Path, tmp_path: Path) -> None:
    source = write_tar(scans, tmp_path / "scans.tar.gz", "w:gz")
    read_here(source, tmp_path / "out")
    before = rows_of(tmp_path / "out")
    damaged = tmp_path / "out" / "parts" / "part-00000001.parquet"
    damaged.unlink()
    assert read_here(source, tmp_path / "out").pictures == 3
    assert rows_of(tmp_path / "out") == before
    assert not list((tmp_path / "out").glob("unpacked/*"))
    damaged.unlink()
    write_tar(scans / "box0", source, "w:gz")
    with pytest.raises(BatchError, match=r"scans\.tar\.gz: changed since the batch began"):
        read_here(source, tmp_path / "out")
    source.unlink()
    with pytest.raises(BatchError, match="no such file or folder"):
        read_here(source, tmp_path / "out")


def test_an_archive_that_is_gone_from_its_folder_is_named(scans: Path, tmp_path: Path) -> None:
    (tmp_path / "archives").mkdir()
    for box in ("box0", "box1"):
        write_tar(scans / box, tmp_path / "archives" / f"{box}.tar.gz", "w:gz")
    read_here(tmp_path / "archives", tmp_path / "out")
    (tmp_path / "out" / "parts" / "part-00000000.parquet").unlink()
    (tmp_path / "archives" / "box0.tar.gz").unlink()
    with pytest.raises(BatchError, match=r"the archive of .*box0\.tar\.gz/deep/er/000\.png is missing"):
        read_here(tmp_path / "archives", tmp_path / "out")

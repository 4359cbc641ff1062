"""Sources that are not what they were, or not whole, and results that are in the way."""

from __future__ import annotations

import io
import shutil
import tarfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from inkdigits.errors import BatchError
from tests.batch.conftest import png
from tests.batch.in_process import read_here
from tests.conftest import Cli


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
    read_here(write(range(30)), tmp_path / "out", part_size=10)
    (tmp_path / "out" / "parts" / "part-00000001.parquet").unlink()
    write(range(29, -1, -1))
    with pytest.raises(BatchError, match="changed since the batch began"):
        read_here(source, tmp_path / "out", part_size=10)
    write(range(30))
    assert read_here(source, tmp_path / "out", part_size=10).pictures == 10


def test_an_archive_that_was_cut_off_between_two_members_is_refused(scans: Path, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "whole.tar", "w") as archive:
        archive.add(scans, "scans")
    whole = (tmp_path / "whole.tar").read_bytes()
    with tarfile.open(tmp_path / "whole.tar") as archive:
        place = archive.getmembers()[20].offset
    source = tmp_path / "cut.tar"
    source.write_bytes(whole[:place])
    with pytest.raises(BatchError, match="no end mark behind its last member"):
        read_here(source, tmp_path / "out")
    source.write_bytes(whole[:place] + bytes(1024))
    assert read_here(source, tmp_path / "out").manifest.rows["read"] > 0


def test_pictures_in_error_are_read_again_when_asked_for(cli: Cli, scans: Path, tmp_path: Path) -> None:
    copy, batch = shutil.copytree(scans, tmp_path / "scans"), (tmp_path / "scans", "--out", tmp_path / "out")
    assert cli("batch", *batch, "--part-size", 7).returncode == 1
    (copy / "broken.png").write_bytes(png(0))
    assert cli("batch", *batch, "--part-size", 7).returncode == 1
    result = cli("batch", *batch, "--part-size", 7, "--retry-errors")
    assert (result.returncode, result.stderr) == (0, "")
    assert "61 pictures in 9 parts: 61 read" in result.stdout
    assert "7 read in " in result.stdout


def test_results_that_lie_in_their_source_are_no_pictures_of_the_next_batch(scans: Path, tmp_path: Path) -> None:
    source = shutil.copytree(scans, tmp_path / "scans")
    first = read_here(source, source / "first")
    assert read_here(source, f"file://{source}/second").manifest.rows == first.manifest.rows
    assert read_here(f"file://{source}", source / "third").manifest.rows == first.manifest.rows

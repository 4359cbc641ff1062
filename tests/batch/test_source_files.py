"""Every kind of source, and sources without pictures."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from inkdigits.batch.source_files import files_of
from inkdigits.errors import BatchError
from tests.batch.conftest import N, accuracy, png, rows_of, write_tar
from tests.batch.in_process import read_here


def _table(path: Path, values: pa.Array) -> Path:
    pq.write_table(pa.table({"id": list(range(len(values))), "image": values}), path, row_group_size=9)
    return path


def _sources(kind: str, scans: Path, folder: Path) -> str:
    pngs = [png(number) for number in range(N)]
    if kind == "glob":
        return f"{scans}/box*/*.png"
    if kind == "url":
        return f"file://{scans}"
    if kind == "text":
        shutil.copytree(scans, folder / "scans")
        lines = sorted(str(file.relative_to(folder)) for file in (folder / "scans").glob("box*/*.png"))
        (folder / "list.txt").write_text("\n".join(lines))
        return str(folder / "list.txt")
    if kind in {"tar", "tar.gz"}:
        return str(write_tar(scans, folder / f"scans.{kind}", "w:gz" if kind == "tar.gz" else "w"))
    if kind == "parquet":
        return str(_table(folder / "scans.parquet", pa.array(pngs, pa.binary())))
    return str(_table(folder / "hf.parquet", pa.array([{"bytes": one, "path": None} for one in pngs])))


@pytest.mark.parametrize("kind", ["glob", "url", "text", "tar", "tar.gz", "parquet", "struct"])
def test_every_kind_of_source_gives_the_same_digits(scans: Path, tmp_path: Path, kind: str) -> None:
    source = _sources(kind, scans, tmp_path)
    read_here(source, f"file://{tmp_path}/out" if kind == "url" else tmp_path / "out")
    rows = [row for row in rows_of(tmp_path / "out") if row["error"] is None]
    assert len(rows) == N
    if kind in {"parquet", "struct"}:
        assert accuracy(rows, lambda row: f"{int(row['path'].rsplit('#', 1)[1]):03d}.png") > 0.95
    else:
        assert accuracy(rows) > 0.95
    assert not list((tmp_path / "out").glob("unpacked/*"))


def test_bad_sources(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad.tar").write_text("no archive, but long enough to look like one " * 40)
    (tmp_path / "bad.parquet").write_text("no table")
    pq.write_table(pa.table({"a": [b"1"], "b": [b"2"]}), tmp_path / "two.parquet")
    for source, needle in (
        (tmp_path / "empty", "no pictures in it"),
        (tmp_path / "gone", "no such file or folder"),
        (tmp_path / "bad.tar", "cannot be read as a tar archive"),
        (tmp_path / "bad.parquet", "cannot be read as Parquet"),
        (tmp_path / "two.parquet", "columns of bytes: a, b"),
        ("nosuch://bucket/scans", "a URL that cannot be opened here"),
    ):
        with pytest.raises(BatchError, match=needle):
            read_here(source, tmp_path / "out")


def test_results_inside_their_source_are_not_pictures_of_the_next_batch(scans: Path, tmp_path: Path) -> None:
    source = shutil.copytree(scans, tmp_path / "scans")
    first = read_here(source, source / "first")
    assert read_here(source, f"file://{source}/second").manifest.rows == first.manifest.rows
    assert read_here(f"file://{source}", source / "third").manifest.rows == first.manifest.rows


def test_files_come_folder_by_folder_without_hidden_ones(tmp_path: Path) -> None:
    for name in ("b.png", "a.JPG", ".hidden.png", "notes.doc", "deep/c.tar", "deep/.d.tar", "also/e.parquet"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    expected = ["scans/a.JPG", "scans/b.png", "scans/also/e.parquet", "scans/deep/c.tar"]
    (tmp_path.parent / "scans").symlink_to(tmp_path)
    assert list(files_of("scans", str(tmp_path.parent))) == expected
    assert [path.removeprefix("file://") for path in files_of(f"file://{tmp_path}", ".")] == [
        f"{tmp_path}/{name.removeprefix('scans/')}" for name in expected
    ]


def test_a_list_that_is_not_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_bytes(b"a.png\n\xff\xfe.png\n")
    with pytest.raises(BatchError, match=r"list\.txt: line 2 is not UTF-8 text, expected a path on each line"):
        list(files_of("list.txt", str(tmp_path)))

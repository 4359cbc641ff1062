"""All rows of a batch in one file, which replaces only files of the same batch."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from inkdigits.batch.single_file import check_single_file, write_single_file
from inkdigits.errors import BatchError, DataError, OutputError
from tests.batch.conftest import rows_of
from tests.batch.in_process import job_of


@pytest.fixture
def copy(results: Path, tmp_path: Path) -> Path:
    """Results of the scans in which files may be written."""
    return shutil.copytree(results, tmp_path / "copy")


def test_every_format_holds_the_rows_in_order(copy: Path, scans: Path, tmp_path: Path) -> None:
    job, rows = job_of(scans, copy), rows_of(copy)
    for name in ("all.csv", "all.parquet", "all.jsonl"):
        write_single_file(job, str(tmp_path / name), 7)
    lines = [json.loads(line) for line in (tmp_path / "all.jsonl").read_text().splitlines()]
    assert [line["path"] for line in lines] == [row["path"] for row in rows]
    assert lines[5]["digits"][0]["value"] == rows[5]["digits"][0]["value"]
    with (tmp_path / "all.csv").open(newline="") as file:
        assert [row["string"] for row in csv.DictReader(file)] == [line["string"] for line in lines]
    assert pq.read_table(tmp_path / "all.parquet").to_pylist() == rows


def test_a_file_of_another_batch_is_left_alone(copy: Path, scans: Path, tmp_path: Path) -> None:
    other = shutil.copytree(copy, tmp_path / "other")
    place = tmp_path / "all.csv"
    for _ in range(2):
        write_single_file(job_of(scans, copy), str(place), 7)
    kept = place.read_text()
    message = f"{place}: exists already and was not written by this batch: choose another --single-file"
    with pytest.raises(OutputError, match=message):
        write_single_file(job_of(scans, other), str(place), 7)
    assert place.read_text() == kept


def test_a_name_of_another_format_is_refused(copy: Path, scans: Path) -> None:
    with pytest.raises(DataError, match=r"--single-file all\.xlsx: expected a name that ends in \.parquet or \.csv"):
        check_single_file(job_of(scans, copy), "all.xlsx")


@pytest.mark.parametrize("content", ["{", '{"all.csv": "long"}', "[]"])
def test_a_damaged_list_of_files_is_named(copy: Path, scans: Path, tmp_path: Path, content: str) -> None:
    (copy / "single-files.json").write_text(content)
    (tmp_path / "all.csv").touch()
    with pytest.raises(BatchError, match=r"single-files\.json: .*: remove it and choose another --single-file"):
        check_single_file(job_of(scans, copy), str(tmp_path / "all.csv"))

"""What a worker does with one part."""

from __future__ import annotations

from pathlib import Path

from inkdigits.batch.listing import read_parts
from inkdigits.batch.part_reader import marker_name, read_part, read_part_with_markers
from inkdigits.batch.results import part_name
from inkdigits.batch.storage import open_storage
from tests.batch.conftest import rows_of
from tests.batch.in_process import job_of


def test_a_part_gives_the_same_file_every_time(scans: Path, results: Path, tmp_path: Path) -> None:
    part = list(read_parts(open_storage(str(results))))[3]
    done = read_part(job_of(scans, tmp_path), part)
    assert (done.number, done.pictures, done.outcomes) == (3, 3, {"read": 3})
    assert (tmp_path / part_name(3)).read_bytes() == (results / part_name(3)).read_bytes()


def test_with_markers_a_crashing_picture_is_skipped_and_no_marker_is_left(
    scans: Path, results: Path, tmp_path: Path
) -> None:
    part = list(read_parts(open_storage(str(results))))[3]
    done = read_part_with_markers(job_of(scans, tmp_path), part, {1: "it ended the process"})
    assert done.outcomes == {"read": 2, "error": 1}
    before, rows = rows_of(results)[9:12], rows_of(tmp_path)
    assert [row["string"] for row in rows] == [before[0]["string"], "", before[2]["string"]]
    assert (rows[1]["path"], rows[1]["error"]) == (before[1]["path"], "it ended the process")
    assert not (tmp_path / marker_name(3)).exists()

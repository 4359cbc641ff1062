"""manifest.json: what it says, what it refuses, and how a damaged one is named."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from inkdigits.batch.manifest import MANIFEST, Manifest, read_manifest
from inkdigits.batch.storage import open_storage
from inkdigits.errors import BatchError, OutputError
from inkdigits.modelfile.predictor import model_path
from tests.batch.conftest import rows_of
from tests.batch.in_process import read_here


def test_it_says_what_the_results_are_of(results: Path, scans: Path) -> None:
    manifest = read_manifest(open_storage(str(results)))
    assert isinstance(manifest, Manifest)
    assert (manifest.source, manifest.options.part_size) == (str(scans), 3)
    assert (manifest.pictures, manifest.parts, manifest.state) == (21, 7, "finished")
    assert manifest.rows == {"read": 20, "error": 1}
    assert len(list((results / "parts").glob("part-*.parquet"))) == 7
    digest = hashlib.sha256(model_path("reader").read_bytes()).hexdigest()
    assert (manifest.model, manifest.model_sha256) == ("reader", digest)
    assert {row["model_sha256"] for row in rows_of(results)} == {digest}


@pytest.mark.parametrize(
    ("options", "needle"),
    [
        ({"part_size": 8}, "holds a batch with part_size 3, asked for 8"),
        ({"model": "cnn"}, r"holds a batch with model \(SHA-256\)"),
        ({"length": 1}, "holds a batch with length None, asked for 1"),
        ({"region": (0, 0, 9, 9)}, r"holds a batch with region None, asked for \(0, 0, 9, 9\)"),
        ({"source": "box0"}, "holds a batch with source"),
    ],
)
def test_another_batch_is_refused(scans: Path, results: Path, options: dict[str, Any], needle: str) -> None:
    before = rows_of(results)
    source = scans / options.pop("source", "")
    with pytest.raises(BatchError, match=needle):
        read_here(source, results, **options)
    assert rows_of(results) == before


def test_a_region_survives_being_written_and_read(scans: Path, tmp_path: Path) -> None:
    for pictures in (20, 0):
        assert read_here(scans / "box*" / "*.png", tmp_path / "out", region=(2, 2, 20, 20)).pictures == pictures


def test_a_folder_with_other_files_is_left_alone(scans: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.doc").write_text("precious")
    with pytest.raises(OutputError, match=r"holds files that are not of a batch \(thesis.doc\)"):
        read_here(scans, tmp_path)
    assert (tmp_path / "thesis.doc").read_text() == "precious"


@pytest.mark.parametrize(
    ("change", "needle"),
    [
        ({"parts": "seven"}, "field parts is 'seven', expected int"),
        ({"options": {}}, r"field options\.part_size is missing"),
        ({"format": 1}, "field format is 1, expected 2"),
        (None, "the content is 5, expected Manifest"),
    ],
)
def test_a_damaged_one_is_named_with_its_field(results: Path, tmp_path: Path, change: Any, needle: str) -> None:
    content = json.loads((results / MANIFEST).read_text())
    damaged = 5 if change is None else {**content, **change}
    (tmp_path / MANIFEST).write_text(json.dumps(damaged))
    with pytest.raises(BatchError, match=f"{tmp_path}/{MANIFEST}: {needle}.*: start again with another out"):
        read_manifest(open_storage(str(tmp_path)))

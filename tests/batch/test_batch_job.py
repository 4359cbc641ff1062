"""What a batch is asked to do."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from inkdigits.batch.batch_job import BatchPart, SourceEntry, open_model
from inkdigits.errors import ModelFileError
from inkdigits.modelfile.predictor import model_path
from tests.batch.in_process import job_of


def test_models_of_one_content_are_equal_whatever_their_name(tmp_path: Path) -> None:
    content = model_path("cnn").read_bytes()
    (tmp_path / "copy.onnx").write_bytes(content)
    model = open_model(str(tmp_path / "copy.onnx"))
    assert model == open_model("cnn") != open_model(None)
    assert (model.content, model.sha256) == (content, hashlib.sha256(content).hexdigest())
    with pytest.raises(ModelFileError, match="no such model file"):
        open_model(str(tmp_path / "gone.onnx"))


def test_relative_paths_count_from_the_folder_of_the_job() -> None:
    job = job_of("scans", "out")
    assert job.place("out") == str(Path.cwd() / "out")
    assert job.place("s3://forms/out") == "s3://forms/out"


def test_a_part_counts_the_rows_of_tables() -> None:
    entries = (SourceEntry("file", "a.png", "a.png"), SourceEntry("parquet", "t", "t", 3, 40))
    assert BatchPart(0, 0, entries).pictures == 41

"""Parquet and Arrow: Hugging Face's layout, columns of pixels, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow
import pytest
from pyarrow import ipc, parquet

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.datasets.source import load_splits
from inkdigits.errors import DataError
from inkdigits.images.png import encode_png


def _bytes(digits: LabelledDigits) -> list[dict[str, Any]]:
    return [{"bytes": encode_png(image), "path": None} for image in digits.images]


def _table(digits: LabelledDigits, pictures: Any) -> pyarrow.Table:
    return pyarrow.table({"image": pictures, "label": digits.labels})


@pytest.fixture(params=["struct", "bytes", "lists", "pixels"])
def table(request: pytest.FixtureRequest, three_digits: LabelledDigits) -> pyarrow.Table:
    pixels = three_digits.images.reshape(-1, 784)
    match request.param:
        case "struct":
            return _table(three_digits, _bytes(three_digits))
        case "bytes":
            return _table(three_digits, [row["bytes"] for row in _bytes(three_digits)])
        case "lists":
            return _table(three_digits, three_digits.images.tolist())
    named = {f"pixel{place}": pixels[:, place] for place in reversed(range(784))}
    return pyarrow.table({**named, "class": [str(label) for label in three_digits.labels]})


def test_every_form_of_a_table(table: pyarrow.Table, three_digits: LabelledDigits, tmp_path: Path) -> None:
    parquet.write_table(table, tmp_path / "x.parquet")
    loaded = load_splits(str(tmp_path / "x.parquet"))
    assert loaded.train is not None
    assert (loaded.train.sha256, loaded.test) == (three_digits.sha256, None)


@pytest.mark.parametrize("folder", [".", "mnist", "data"])
def test_hugging_faces_repository(three_digits: LabelledDigits, tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir(exist_ok=True)
    rows = _bytes(three_digits)
    for name, part in (("train-00000-of-00002", slice(0, 2)), ("train-00001-of-00002", slice(2, 3))):
        parquet.write_table(_table(three_digits.take(part), rows[part]), tmp_path / folder / f"{name}.parquet")
    parquet.write_table(_table(three_digits, rows), tmp_path / folder / "test-00000-of-00001.parquet")
    loaded = load_splits(tmp_path)
    assert loaded.train is not None
    assert loaded.test is not None
    assert loaded.train.sha256 == loaded.test.sha256 == three_digits.sha256


def test_a_data_set_that_was_saved_to_disk(three_digits: LabelledDigits, tmp_path: Path) -> None:
    table = _table(three_digits, _bytes(three_digits))
    for part in ("train", "test"):
        (tmp_path / part).mkdir()
        with ipc.new_stream(tmp_path / part / "data-00000-of-00001.arrow", table.schema) as stream:
            stream.write_table(table)
    loaded = load_splits(tmp_path)
    assert loaded.train is not None
    assert loaded.test is not None
    assert loaded.train.sha256 == loaded.test.sha256 == three_digits.sha256


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"image": [b"x"], "name": [1]}, r"one column of labels, named label, found columns \['image', 'name'\]"),
        ({"image": [b"no picture"], "label": [1]}, r"x\.parquet, row 0: "),
        ({"image": [None], "label": [1]}, "column 'image' holds null"),
        ({"image": ["text"], "label": [1]}, "holds string, expected files of pictures, or lists of numbers"),
        ({"image": [{"bytes": None, "path": "gone.png"}], "label": [1]}, "row 0: no such file"),
        ({"image": [[0] * 784], "label": [12]}, "label 12 at index 0"),
        ({"weight": [1], "label": [1]}, "column 1 is named 'weight'"),
    ],
)
def test_what_is_refused(columns: dict[str, Any], message: str, tmp_path: Path) -> None:
    parquet.write_table(pyarrow.table(columns), tmp_path / "x.parquet")
    with pytest.raises(DataError, match=message):
        load_splits(str(tmp_path / "x.parquet"))


def test_a_damaged_file_is_named(three_digits: LabelledDigits, tmp_path: Path) -> None:
    parquet.write_table(_table(three_digits, _bytes(three_digits)), tmp_path / "x.parquet")
    content = (tmp_path / "x.parquet").read_bytes()
    (tmp_path / "x.parquet").write_bytes(content[:-9])
    with pytest.raises(DataError, match=r"x\.parquet: damaged, or not a parquet file"):
        load_splits(str(tmp_path / "x.parquet"))

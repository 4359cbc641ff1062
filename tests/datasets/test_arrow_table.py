"""Parquet and Arrow: Hugging Face's layout, columns of pixels, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pytest
from pyarrow import ipc, parquet

from inkdigits.datasets.labelled import LabelledDigits, Splits
from inkdigits.datasets.source import load_for_training, load_splits
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


def test_rows_are_read_a_few_at_a_time(small: Splits, tmp_path: Path) -> None:
    """Lists of floats, of which the first rows alone look like pictures from 0 to 1."""
    assert small.train is not None
    images = np.concatenate([np.zeros((5000, 28, 28), np.uint8), small.train.images])
    labels = np.concatenate([np.zeros(5000, np.int64), small.train.labels])
    for kind in (pyarrow.list_(pyarrow.float32()), pyarrow.list_(pyarrow.uint8(), 784)):
        table = pyarrow.table([pyarrow.array(list(images.reshape(-1, 784)), kind), labels], names=["image", "label"])
        parquet.write_table(table, tmp_path / "x.parquet")
        assert load_for_training(tmp_path / "x.parquet").sha256 == LabelledDigits(images, labels, "expected").sha256


def test_a_bad_row_far_down_is_named(three_digits: LabelledDigits, tmp_path: Path) -> None:
    rows = [*(_bytes(three_digits) * 1500), {"bytes": b"no picture", "path": None}]
    parquet.write_table(pyarrow.table({"image": rows, "label": [1] * 4501}), tmp_path / "x.parquet")
    with pytest.raises(DataError, match=r"x\.parquet, row 4500: "):
        load_splits(tmp_path / "x.parquet")


def test_an_empty_table(tmp_path: Path) -> None:
    schema = pyarrow.schema([("image", pyarrow.binary()), ("label", pyarrow.int64())])
    parquet.write_table(schema.empty_table(), tmp_path / "x.parquet")
    with pytest.raises(DataError, match="no pictures in it, expected at least one row"):
        load_splits(tmp_path / "x.parquet")

"""A model file's metadata and checksum: what is written comes back, and what is damaged is refused."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import keras
import onnx
import pytest
from keras import layers
from onnx import helper

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.errors import ModelFileError
from inkdigits.modelfile.export import export_onnx
from inkdigits.modelfile.metadata import Metadata, check_content, with_checksum
from inkdigits.modelfile.predictor import Predictor
from tests.modelfile.conftest import shaken


def _with_property(source: Path, target: Path, key: str, value: str | None) -> Path:
    """A copy of a model file with another property, and a checksum that fits it."""
    model = onnx.load(source)
    kept = {entry.key: entry.value for entry in model.metadata_props if entry.key != key}
    kept["inkdigits_sha256"] = "0" * 64
    helper.set_model_props(model, kept if value is None else {**kept, key: value})
    target.write_bytes(with_checksum(model.SerializeToString()))
    return target


def _sequential(*inner: keras.layers.Layer) -> keras.Model:
    return shaken(keras.Sequential([keras.Input((28, 28, 1)), *inner], name="own"))


def test_metadata_come_back(thousand: LabelledDigits, tmp_path: Path) -> None:
    written = Metadata(
        network="my_nets.py:tiny",
        recipe={"name": "brisk", "epochs": 2},
        seed=7,
        data_sha256="ab" * 32,
        inkdigits_version="0.1.0",
        temperature=1.25,
        acceptance_threshold=0.625,
        figures={"accuracy": 0.5},
    )
    path = tmp_path / "model.onnx"
    export_onnx(_sequential(layers.Flatten(), layers.Dense(10, "softmax")), path, written, thousand.images)
    assert Predictor.load(path).metadata == written
    onnx.checker.check_model(onnx.load(path), full_check=True)


def test_the_checksum_is_of_the_file_with_its_64_characters_zero(model_file: Path) -> None:
    content = model_file.read_bytes()
    properties = {entry.key: entry.value for entry in onnx.load(model_file).metadata_props}
    checksum = properties["inkdigits_sha256"]
    assert re.fullmatch("[0-9a-f]{64}", checksum)
    assert content.count(checksum.encode()) == 1
    assert hashlib.sha256(content.replace(checksum.encode(), b"0" * 64)).hexdigest() == checksum


def test_every_changed_byte_is_noticed(model_file: Path) -> None:
    content = model_file.read_bytes()
    check_content(content, "whole")
    # One position in each part: head, weights, metadata; and one byte more.
    for position in [5, len(content) // 2, content.index(b"temperature") + 1, len(content) - 1]:
        changed = bytearray(content)
        changed[position] ^= 1
        with pytest.raises(ModelFileError, match=r"damaged or changed|truncated"):
            Predictor.from_bytes(bytes(changed), "changed")
    with pytest.raises(ModelFileError, match="damaged or changed after it was written"):
        Predictor.from_bytes(content + b"\0", "longer")


@pytest.mark.parametrize("fraction", [0.01, 0.5, 0.99])
def test_truncated(fraction: float, model_file: Path) -> None:
    content = model_file.read_bytes()
    model_file.write_bytes(content[: int(fraction * len(content))])
    with pytest.raises(ModelFileError, match="truncated after"):
        Predictor.load(model_file)


def test_missing_metadata(tmp_path: Path, model_file: Path) -> None:
    with pytest.raises(ModelFileError, match=r"metadata are incomplete \('temperature'\)"):
        Predictor.load(_with_property(model_file, tmp_path / "less.onnx", "temperature", None))


def test_a_newer_format_says_to_upgrade(tmp_path: Path, model_file: Path) -> None:
    newer = _with_property(model_file, tmp_path / "newer.onnx", "format_version", "2")
    with pytest.raises(ModelFileError, match=r"format 2, expected at most 1.*pip install --upgrade inkdigits"):
        Predictor.load(newer)

from __future__ import annotations

import re
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.errors import DataError, ModelFileError
from inkdigits.modelfile.metadata import with_checksum
from inkdigits.modelfile.predictor import Predictor, shipped_models


def _foreign(path: Path) -> Path:
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node("Relu", ["x"], ["y"])],
        "foreign",
        [value("x", TensorProto.FLOAT, [1, 3])],
        [value("y", TensorProto.FLOAT, [1, 3])],
    )
    model = helper.make_model(graph, ir_version=9, opset_imports=[helper.make_opsetid("", 20)])
    onnx.save(model, path)
    return path


def test_no_such_file_names_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"no such model file.*cnn, dense"):
        Predictor.load(tmp_path / "none.onnx")


@pytest.mark.parametrize("content", [b"", b"hello", b"\x89PNG\r\n\x1a\n" + bytes(100), bytes(1000)])
def test_no_onnx(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(content)
    with pytest.raises(ModelFileError, match=re.escape(f"{tmp_path / 'model.onnx'}: ")) as caught:
        Predictor.load(tmp_path / "model.onnx")
    assert "\n" not in str(caught.value)


def test_someone_elses_onnx(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="an ONNX file, but not one of inkdigits"):
        Predictor.load(_foreign(tmp_path / "foreign.onnx"))


def test_our_metadata_on_other_inputs(tmp_path: Path, model_file: Path) -> None:
    foreign = onnx.load(_foreign(tmp_path / "foreign.onnx"))
    ours = {entry.key: entry.value for entry in onnx.load(model_file).metadata_props}
    helper.set_model_props(foreign, {**ours, "inkdigits_sha256": "0" * 64})
    with pytest.raises(ModelFileError, match=r"takes x tensor\(float\) \[1, 3\], expected images tensor\(uint8\)"):
        Predictor.from_bytes(with_checksum(foreign.SerializeToString()), "foreign")


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((2, 28, 28), np.float32), r"got float32 \(2, 28, 28\): scale them"),
        (np.full((2, 28, 28), np.nan), "values that are NaN or infinite"),
        (np.zeros((2, 28, 28), np.int64), r"got int64"),
        (np.zeros((28, 28), np.uint8), r"got shape \(28, 28\): one picture is images\[None\]"),
        (np.zeros((2, 28, 28, 1), np.uint8), r"got shape \(2, 28, 28, 1\)"),
        (np.zeros((2, 32, 32), np.uint8), r"got shape \(2, 32, 32\)"),
        ([[0]], "got list: make it a NumPy array"),
    ],
)
def test_wrong_arrays(images: NDArray[np.uint8], message: str) -> None:
    with pytest.raises(DataError, match=message):
        Predictor.load("dense").predict_proba(images)


def test_no_pictures_give_no_answers() -> None:
    found = Predictor.load("dense").predict_proba(np.empty((0, 28, 28), np.uint8))
    assert found.shape == (0, 10)
    assert found.dtype == np.float32


def test_shipped_models_are_right_on_training_digits(thousand: LabelledDigits) -> None:
    assert {"dense", "cnn"} <= set(shipped_models())
    for name in ("dense", "cnn"):
        predictor = Predictor.load(name)
        probabilities = predictor.predict_proba(thousand.images)
        assert (probabilities.argmax(axis=1) == thousand.labels).mean() > 0.98
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
        assert predictor.metadata.network == name
        assert predictor.metadata.recipe["name"] == "brisk"
        assert len(predictor.metadata.data_sha256) == 64


def test_batches_threads_and_views_change_nothing(thousand: LabelledDigits) -> None:
    predictor = Predictor.load("cnn", threads=1)
    whole = predictor.predict_proba(thousand.images)
    parts = np.concatenate([predictor.predict_proba(thousand.images[i : i + 7]) for i in range(0, 1000, 7)])
    np.testing.assert_allclose(parts, whole, atol=1e-6)
    np.testing.assert_allclose(predictor.predict_proba(thousand.images[::-2]), whole[::-2], atol=1e-6)
    np.testing.assert_allclose(Predictor.load("cnn", threads=2).predict_proba(thousand.images), whole, atol=1e-6)


def test_several_threads_may_ask_at_once(thousand: LabelledDigits) -> None:
    predictor = Predictor.load("dense")
    alone = predictor.predict_proba(thousand.images)
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(predictor.predict_proba, [thousand.images] * 12))
    for found in together:
        np.testing.assert_allclose(found, alone, atol=1e-6)


def test_memory_does_not_grow_with_the_number_of_pictures() -> None:
    predictor = Predictor.load("dense")
    images = np.zeros((20_000, 28, 28), np.uint8)
    tracemalloc.start()
    predictor.predict_proba(images)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * 20_000 * 10 * 4, "more than twice the answers themselves"

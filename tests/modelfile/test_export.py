from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.errors import ExportError
from inkdigits.modelfile import export as export_module
from inkdigits.modelfile.export import export_onnx
from inkdigits.modelfile.metadata import Metadata
from inkdigits.modelfile.onnx.translate import translate
from inkdigits.modelfile.predictor import Predictor
from inkdigits.networks.registry import build_network
from tests.modelfile.conftest import shaken


def _sequential(*inner: keras.layers.Layer) -> keras.Model:
    return shaken(keras.Sequential([keras.Input((28, 28, 1)), *inner], name="own"))


def test_dense_against_a_forward_pass_in_numpy(thousand: LabelledDigits, metadata: Metadata, tmp_path: Path) -> None:
    model = shaken(build_network("dense"))
    export_onnx(model, tmp_path / "model.onnx", metadata, thousand.images)
    w1, b1, w2, b2, w3, b3 = (np.asarray(w, np.float64) for w in model.get_weights())
    x = thousand.images.reshape(-1, 784) / 255
    logits = np.maximum(np.maximum(x @ w1 + b1, 0) @ w2 + b2, 0) @ w3 + b3
    found = Predictor.load(tmp_path / "model.onnx").predict_logits(thousand.images)
    np.testing.assert_allclose(found, logits, rtol=1e-4, atol=1e-4)


def test_an_unknown_layer_is_named(thousand: LabelledDigits, metadata: Metadata, tmp_path: Path) -> None:
    model = _sequential(layers.Flatten(), layers.LayerNormalization(name="odd_one"), layers.Dense(10, "softmax"))
    with pytest.raises(ExportError, match=r"'odd_one' is a LayerNormalization.*expected one of .*Conv2D"):
        export_onnx(model, tmp_path / "model.onnx", metadata, thousand.images)
    assert list(tmp_path.iterdir()) == []


def test_another_picture_size_than_28(metadata: Metadata, tmp_path: Path) -> None:
    model = shaken(
        keras.Sequential([keras.Input((20, 16, 1)), layers.Conv2D(3, 3), layers.Flatten(), layers.Dense(4, "softmax")])
    )
    images = np.random.default_rng(0).integers(0, 256, (50, 20, 16), np.uint8)
    export_onnx(model, tmp_path / "model.onnx", replace(metadata, classes=tuple("abcd")), images)
    predictor = Predictor.load(tmp_path / "model.onnx")
    assert predictor.size == (20, 16)
    assert predictor.predict_proba(images).shape == (50, 4)


def test_a_file_that_predicts_otherwise_is_not_written(
    thousand: LabelledDigits, metadata: Metadata, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, other = (shaken(build_network("dense"), seed) for seed in (1, 2))
    monkeypatch.setattr(export_module, "translate", lambda model: translate(other))
    with pytest.raises(ExportError, match="predicts otherwise than Keras"):
        export_onnx(model, tmp_path / "model.onnx", metadata, thousand.images)
    assert list(tmp_path.iterdir()) == []


def test_the_temperature_divides_the_logits_and_no_more(
    thousand: LabelledDigits, metadata: Metadata, tmp_path: Path
) -> None:
    model = shaken(build_network("convnet"))
    export_onnx(model, tmp_path / "plain.onnx", metadata, thousand.images)
    export_onnx(model, tmp_path / "warm.onnx", replace(metadata, temperature=2.5), thousand.images)
    plain, warm = (Predictor.load(tmp_path / name) for name in ("plain.onnx", "warm.onnx"))
    logits = warm.predict_logits(thousand.images)
    np.testing.assert_array_equal(logits, plain.predict_logits(thousand.images))
    powers = np.exp(logits.astype(np.float64) / 2.5)
    np.testing.assert_allclose(warm.predict_proba(thousand.images), powers / powers.sum(1, keepdims=True), atol=1e-6)

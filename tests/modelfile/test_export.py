from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import onnx
import pytest
from keras import layers

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.errors import ExportError
from inkdigits.modelfile import export as export_module
from inkdigits.modelfile.export import export_onnx, to_bytes
from inkdigits.modelfile.metadata import Metadata
from inkdigits.modelfile.parity import check_parity, exact_probabilities
from inkdigits.modelfile.predictor import Predictor
from inkdigits.modelfile.translate import translate
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


@pytest.mark.parametrize("size", [13, 14])
@pytest.mark.parametrize(
    "window",
    [
        lambda: layers.AveragePooling2D(3, strides=2, padding="same"),
        lambda: layers.MaxPooling2D(2, padding="same"),
        lambda: layers.Conv2D(3, (2, 5), strides=(3, 2), padding="same"),
        lambda: keras.Sequential([layers.Conv2D(4, 1), layers.Conv2D(6, 3, groups=2, padding="same")]),
    ],
)
def test_windows_padding_and_groups(window: Callable[[], keras.layers.Layer], size: int, metadata: Metadata) -> None:
    inner = [keras.Input((size, size, 1)), window(), layers.Flatten(), layers.Dense(10, "softmax")]
    model = shaken(keras.Sequential(inner))
    images = np.random.default_rng(0).integers(0, 256, (50, size, size), np.uint8)
    predictor = Predictor.from_bytes(to_bytes(translate(model), metadata), "model")
    check_parity(model, predictor.predict_proba, images)


def test_an_unknown_layer_is_named(thousand: LabelledDigits, metadata: Metadata, tmp_path: Path) -> None:
    model = _sequential(layers.Flatten(), layers.LayerNormalization(name="odd_one"), layers.Dense(10, "softmax"))
    with pytest.raises(ExportError, match=r"'odd_one' is a LayerNormalization.*expected one of .*Conv2D"):
        export_onnx(model, tmp_path / "model.onnx", metadata, thousand.images)
    assert list(tmp_path.iterdir()) == []


def test_a_class_of_the_users_own_with_a_known_name_is_not_taken_for_keras(metadata: Metadata) -> None:
    class Dense(keras.layers.Dense):
        pass

    model = _sequential(layers.Flatten(), Dense(10, activation="softmax"))
    with pytest.raises(ExportError, match="is a Dense, which cannot be written"):
        translate(model)


@pytest.mark.parametrize(
    ("inner", "message"),
    [
        ([layers.Flatten(), layers.Dense(10, "sigmoid")], "ends in Sigmoid, expected a softmax"),
        ([layers.Dense(10, "softmax"), layers.Flatten()], "expected a Flatten or a global pooling before it"),
        ([layers.Flatten(), layers.Dense(10, lambda x: x), layers.Softmax()], "has the activation '<lambda>'"),
        ([layers.Conv2D(2, 3), layers.BatchNormalization(axis=1), layers.Flatten(), layers.Dense(10, "softmax")],
         r"normalizes axis 1.*expected the channels' axis, 3"),
        ([layers.Flatten(), layers.Dense(10, "softmax", dtype="mixed_float16")], "computes in float16"),
    ],
)  # fmt: skip
def test_what_cannot_be_written_is_said(inner: list[keras.layers.Layer], message: str) -> None:
    with pytest.raises(ExportError, match=message):
        translate(_sequential(*inner))


def test_colour_pictures_and_two_inputs_are_refused() -> None:
    colour = keras.Sequential([keras.Input((28, 28, 3)), layers.Flatten(), layers.Dense(10, "softmax")])
    with pytest.raises(ExportError, match="expected one grey picture"):
        translate(colour)
    one, other = keras.Input((28, 28, 1)), keras.Input((28, 28, 1))
    both = keras.Model([one, other], layers.Dense(10, "softmax")(layers.Flatten()(layers.Add()([one, other]))))
    with pytest.raises(ExportError, match="one input and one output"):
        translate(both)


def test_another_picture_size_than_28(metadata: Metadata, tmp_path: Path) -> None:
    model = shaken(
        keras.Sequential([keras.Input((20, 16, 1)), layers.Conv2D(3, 3), layers.Flatten(), layers.Dense(4, "softmax")])
    )
    images = np.random.default_rng(0).integers(0, 256, (50, 20, 16), np.uint8)
    export_onnx(model, tmp_path / "model.onnx", replace(metadata, classes=tuple("abcd")), images)
    predictor = Predictor.load(tmp_path / "model.onnx")
    assert predictor.size == (20, 16)
    assert predictor.predict_proba(images).shape == (50, 4)


def test_a_file_that_answers_otherwise_is_not_written(
    thousand: LabelledDigits, metadata: Metadata, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, other = (shaken(build_network("dense"), seed) for seed in (1, 2))
    monkeypatch.setattr(export_module, "translate", lambda model: translate(other))
    with pytest.raises(ExportError, match="answers otherwise than Keras"):
        export_onnx(model, tmp_path / "model.onnx", metadata, thousand.images)
    assert list(tmp_path.iterdir()) == []


def test_parity_sees_a_difference_of_two_hundred_thousandths(thousand: LabelledDigits) -> None:
    model = shaken(build_network("dense"))
    right = exact_probabilities(model, thousand.images)
    assert check_parity(model, lambda images: right, thousand.images) == 0
    wrong = right.copy()
    wrong[500, 3] += 2e-5
    with pytest.raises(ExportError, match="differ by up to 2e-05 on 1000 pictures"):
        check_parity(model, lambda images: wrong, thousand.images)
    with pytest.raises(ExportError):
        check_parity(model, lambda images: np.full_like(right, np.nan), thousand.images)


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


def test_exporting_takes_less_than_a_second(metadata: Metadata) -> None:
    model = build_network("cnn")
    to_bytes(translate(model), metadata)
    started = time.perf_counter()
    to_bytes(translate(model), metadata)
    assert time.perf_counter() - started < 1

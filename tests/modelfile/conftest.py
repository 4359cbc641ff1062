"""What the tests of model files share: networks with weights that are not those of a fresh start, and metadata."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import pytest

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.datasets.mnist import load_train
from inkdigits.modelfile.metadata import Metadata


@pytest.fixture(autouse=True)
def _data_format_is_put_back() -> Iterator[None]:
    before = keras.config.image_data_format()
    yield
    keras.config.set_image_data_format(before)


@pytest.fixture(scope="session")
def thousand() -> LabelledDigits:
    """1,000 training digits."""
    return load_train().take(slice(0, 1000))


@pytest.fixture
def metadata() -> Metadata:
    return Metadata("tested", {"name": "none"}, 0, "0" * 64, "0.1.0")


def shaken(model: keras.Model, seed: int = 0) -> keras.Model:
    """`model` with random weights, biases and statistics, none of them zero or one: a forgotten one is seen."""
    random = np.random.default_rng(seed)
    weights = []
    for variable in model.weights:
        shape = tuple(variable.shape)
        spread = 0.3 if len(shape) < 2 else 1.6 / np.sqrt(np.prod(shape[:-1]))
        values = random.normal(0, spread, shape)
        weights.append(1 + np.abs(values) if "variance" in variable.path else values)
    model.set_weights(weights)
    return model


@pytest.fixture
def model_file(tmp_path: Path, metadata: Metadata, thousand: LabelledDigits) -> Path:
    """A model file of a small network."""
    from inkdigits.modelfile.export import export_onnx

    layers = keras.layers
    model = keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(10, "softmax")], name="tested")
    export_onnx(shaken(model), tmp_path / "tested.onnx", metadata, thousand.images)
    return tmp_path / "tested.onnx"

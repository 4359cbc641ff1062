"""A network of `layer_configs` with its weights, without Keras."""

from __future__ import annotations

import io
import json
import math
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.networks.layer_configs import LayerConfig, layer_names, sequential_config

__all__ = ["INPUT_SHAPE", "PlainNetwork", "weight_shapes"]

Floats = NDArray[np.float32]

INPUT_SHAPE = (28, 28, 1)


@dataclass
class PlainNetwork:
    """A network that takes pictures float32 (n, 28, 28, 1) in [0, 1], with methods as a Keras model's.

    `weights` are every layer's kernel and bias, in Keras's order and shapes.
    """

    name: str
    layers: tuple[LayerConfig, ...]
    weights: list[Floats] = field(repr=False)

    def get_weights(self) -> list[Floats]:
        """The weights."""
        return self.weights

    def set_weights(self, weights: Sequence[Floats]) -> None:
        """Replace the weights. Raises `ValueError` for other shapes."""
        expected = [shape for shapes in weight_shapes(self.layers) for shape in shapes]
        if [weight.shape for weight in weights] != expected:
            raise ValueError(f"expected weights of the shapes {expected}, got {[weight.shape for weight in weights]}")
        self.weights = list(weights)

    def count_params(self) -> int:
        """How many numbers the weights are."""
        return sum(math.prod(weight.shape) for weight in self.weights)

    def with_weights(self) -> Iterator[tuple[LayerConfig, list[Floats]]]:
        """Every layer with its weights."""
        rest = iter(self.weights)
        for layer, shapes in zip(self.layers, weight_shapes(self.layers), strict=True):
            yield layer, [next(rest) for _ in shapes]

    def save(self, path: Path) -> None:
        """Write a file that `keras.saving.load_model` loads.

        It is an archive of the model's configuration and its weights in HDF5, as `keras.src.saving.saving_lib` writes
        it: https://keras.io/api/models/model_saving_apis/model_saving_and_loading/.
        """
        metadata = {"keras_version": version("keras"), "date_saved": f"{datetime.now():%Y-%m-%d@%H:%M:%S}"}
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("metadata.json", json.dumps(metadata))
            archive.writestr("config.json", json.dumps(sequential_config(self.name, self.layers, INPUT_SHAPE)))
            archive.writestr("model.weights.h5", self._weights_file())

    def _weights_file(self) -> bytes:
        import h5py

        content = io.BytesIO()
        with h5py.File(content, "w") as file:
            for name, (_, weights) in zip(layer_names(self.layers), self.with_weights(), strict=True):
                group: Any = file.create_group(f"layers/{name}/vars")
                for number, weight in enumerate(weights):
                    group[str(number)] = weight
            file.create_group("vars")
        return content.getvalue()


def weight_shapes(layers: Sequence[LayerConfig]) -> Iterator[tuple[tuple[int, ...], ...]]:
    """The shapes of the weights of each of `layers`, empty for those without."""
    shape: tuple[int, ...] = INPUT_SHAPE
    for layer in layers:
        yield layer.weight_shapes(shape)
        shape = layer.output_shape(shape)

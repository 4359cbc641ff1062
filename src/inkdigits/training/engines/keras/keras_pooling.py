"""Max pooling whose gradient is fast on JAX on a CPU, used during training only.

XLA's gradient of a reduce-window is slow on a CPU (docs/architecture.md; benchmarks/step_time.py measures it). Windows
that do not overlap can be written as the maximum of strided slices. The results differ only for ties between positive
values, which do not occur in ReLU networks in practice.
"""

from __future__ import annotations

import itertools
from functools import reduce
from typing import Any

import keras

__all__ = ["with_fast_pooling"]


class StridedMaxPooling2D(keras.layers.MaxPooling2D):
    """`MaxPooling2D` for windows that do not overlap, as the maximum of strided slices."""

    def call(self, inputs: Any) -> Any:
        """The maximum of each window: same shapes as `MaxPooling2D`."""
        first = self.data_format == "channels_first"
        height, width = inputs.shape[2:4] if first else inputs.shape[1:3]
        rows, columns = self.pool_size
        windows = [
            _every(inputs, slice(r, height - height % rows, rows), slice(c, width - width % columns, columns), first)
            for r, c in itertools.product(range(rows), range(columns))
        ]
        return reduce(keras.ops.maximum, windows)


def _every(inputs: Any, rows: slice, columns: slice, channels_first: bool) -> Any:
    return inputs[:, :, rows, columns] if channels_first else inputs[:, rows, columns]


def with_fast_pooling(model: keras.Model) -> keras.Model:
    """A model to train in place of `model`: same weights, the poolings that can be replaced, replaced.

    `model` itself comes back when there is none to replace, or on another backend or device, where it is no faster.
    """
    if not _helps() or not any(_replaceable(layer) for layer in model.layers):
        return model
    if not isinstance(model, keras.Sequential) and type(model).__name__ != "Functional":
        return model
    clone: keras.Model = keras.models.clone_model(model, clone_function=_fast)
    clone.set_weights(model.get_weights())
    return clone


def _helps() -> bool:
    if keras.backend.backend() != "jax":
        return False
    import jax

    return bool(jax.default_backend() == "cpu")


def _replaceable(layer: keras.layers.Layer) -> bool:
    return type(layer) is keras.layers.MaxPooling2D and layer.strides == layer.pool_size and layer.padding == "valid"


def _fast(layer: keras.layers.Layer) -> keras.layers.Layer:
    kind = StridedMaxPooling2D if _replaceable(layer) else type(layer)
    return kind.from_config(layer.get_config())

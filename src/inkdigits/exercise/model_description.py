"""A Keras model described by plain values. This module runs inside a submission's kernel."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import numpy as np

from inkdigits.exercise.observations import LayerDescription, ModelDescription

__all__ = ["as_array", "as_int", "checksum_of", "describe_model", "matrix_checksums", "zero_kernels"]

_SETTINGS = ("kernel_size", "pool_size", "strides", "padding", "axis", "rate", "data_format", "use_bias", "trainable")


def describe_model(model: Any) -> ModelDescription:
    """The layers, the loss and the optimizer of `model` as they stand. What cannot be read is left out."""
    import keras

    loss, optimizer = getattr(model, "loss", None), getattr(model, "optimizer", None)
    name = loss if isinstance(loss, str) else getattr(loss, "name", None) or getattr(loss, "__name__", None)
    return ModelDescription(
        layers=tuple(_describe_layer(layer) for layer in _flat_layers(model)),
        parameters=_count(model, "weights"),
        trainable=_count(model, "trainable_weights"),
        loss=str(name) if name else None,
        from_logits=bool(getattr(loss, "from_logits", False) or getattr(loss, "_fn_kwargs", {}).get("from_logits")),
        optimizer=None if optimizer is None else type(optimizer).__name__,
        learning_rate=None if optimizer is None else _highest_rate(optimizer),
        compute_dtype=_text(getattr(model, "compute_dtype", None)),
        input_shape=_shape(model, "input_shape"),
        output_shape=_shape(model, "output_shape"),
        weights=checksum_of(model),
        zero_kernels=zero_kernels(model),
        compiled=bool(getattr(model, "compiled", False)),
        subclassed=not isinstance(model, keras.Sequential) and type(model).__name__ != "Functional",
    )


def _flat_layers(model: Any, depth: int = 0) -> list[Any]:
    """The layers of `model`, those of models inside it in their place."""
    found: list[Any] = []
    # A functional model may also hold plain operations, such as `keras.ops.relu(x)`, which are no layers.
    steps = getattr(model, "operations", None) if type(model).__name__ == "Functional" else None
    for layer in steps or getattr(model, "layers", []):
        inner = getattr(layer, "layers", None)
        found += _flat_layers(layer, depth + 1) if inner and depth < 5 else [layer]
    return found


def _count(model: Any, which: str) -> int | None:
    weights = getattr(model, which, None) if getattr(model, "built", False) else None
    return None if weights is None else sum(int(np.prod(weight.shape)) for weight in weights)


def checksum_of(model: Any) -> str | None:
    """A checksum of all weights of `model`; None for one without weights."""
    digest = hashlib.blake2b(digest_size=12)
    weights = list(getattr(model, "weights", []))
    for weight in weights:
        digest.update(np.ascontiguousarray(as_array(weight)).tobytes())
    return digest.hexdigest() if weights else None


def matrix_checksums(arrays: Iterable[Any]) -> tuple[str, ...]:
    """A checksum of each weight matrix of more than a thousand numbers, whatever the order of the numbers in it."""
    large = (array for array in arrays if array.ndim >= 2 and 1000 < array.size < 10**7)
    return tuple(hashlib.blake2b(np.sort(array.ravel()).tobytes(), digest_size=12).hexdigest() for array in large)


def zero_kernels(model: Any) -> int:
    """How many weight matrices of `model` hold nothing but zeros; biases and such do not count."""
    matrices = [weight for weight in getattr(model, "weights", []) if len(weight.shape) >= 2]
    return sum(not np.any(as_array(weight)) for weight in matrices)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _shape(model: Any, name: str) -> tuple[int | None, ...] | None:
    try:
        return tuple(map(as_int, getattr(model, name)))
    except (AttributeError, TypeError, ValueError):
        return None


def _describe_layer(layer: Any) -> LayerDescription:
    try:
        output = tuple(map(as_int, layer.output.shape))
    except (AttributeError, ValueError):
        output = None
    activation = getattr(layer, "activation", None)
    return LayerDescription(
        kind=type(layer).__name__,
        units=as_int(getattr(layer, "units", getattr(layer, "filters", None))),
        activation=_text(getattr(activation, "__name__", getattr(activation, "name", None))),
        output=output,
        settings={name: str(getattr(layer, name)) for name in _SETTINGS if hasattr(layer, name)},
    )


def _highest_rate(optimizer: Any) -> float | None:
    schedule = getattr(optimizer, "_learning_rate", None)
    start_rate = getattr(schedule, "initial_learning_rate", None)
    try:
        return float(start_rate if isinstance(start_rate, int | float) else as_array(optimizer.learning_rate))
    except (TypeError, ValueError):
        return None


def as_int(value: Any) -> int | None:
    """`value` as an int; None where it is no whole number."""
    return int(value) if isinstance(value, int | np.integer) else None


def as_array(value: Any) -> Any:
    """A NumPy array of `value`, a tensor of any backend or an array."""
    if isinstance(value, np.ndarray):
        return value
    import keras

    return keras.ops.convert_to_numpy(value)

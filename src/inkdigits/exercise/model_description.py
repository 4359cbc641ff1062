"""A Keras model described by plain values. This module runs inside a submission's kernel."""

from __future__ import annotations

from typing import Any

import numpy as np

from inkdigits.exercise.observations import LayerDescription, ModelDescription

__all__ = ["as_array", "as_int", "describe_model"]


def describe_model(model: Any) -> ModelDescription:
    """The layers, the loss and the optimizer of `model` as they stand. What cannot be read is left out."""
    loss, optimizer = getattr(model, "loss", None), getattr(model, "optimizer", None)
    name = loss if isinstance(loss, str) else getattr(loss, "name", None) or getattr(loss, "__name__", None)
    return ModelDescription(
        layers=tuple(_describe_layer(layer) for layer in getattr(model, "layers", [])),
        parameters=model.count_params() if model.built else None,
        loss=str(name) if name else None,
        from_logits=bool(getattr(loss, "from_logits", False) or getattr(loss, "_fn_kwargs", {}).get("from_logits")),
        optimizer=None if optimizer is None else type(optimizer).__name__,
        learning_rate=None if optimizer is None else _highest_rate(optimizer),
    )


def _describe_layer(layer: Any) -> LayerDescription:
    try:
        output = tuple(map(as_int, layer.output.shape))
    except (AttributeError, ValueError):
        output = None
    return LayerDescription(
        kind=type(layer).__name__,
        units=as_int(getattr(layer, "units", getattr(layer, "filters", None))),
        activation=getattr(getattr(layer, "activation", None), "__name__", None),
        output=output,
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

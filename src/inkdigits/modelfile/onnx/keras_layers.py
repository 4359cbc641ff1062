"""Keras layers as ONNX operators, a function a layer. Weights come by `get_weights()`, so the backend does not matter.

The operators are those of https://onnx.ai/onnx/operators/. ONNX Runtime folds batch normalization into convolutions
when it loads the file.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import ExportError
from inkdigits.modelfile.onnx.graph import Builder, Value
from inkdigits.networks.layer_configs import LayerConfig

__all__ = ["LAYERS", "translate_layer", "translate_layer_config"]

Array = NDArray[np.float64]
Translation = Callable[[Any, Value, Builder], Value]


def translate_layer(layer: Any, values: Sequence[Value], builder: Builder) -> Value:
    """Append what `layer` does to `values` and return its result. Raises `ExportError` for an unknown layer."""
    import keras

    kind = type(layer).__name__
    known = getattr(keras.layers, kind, None) is type(layer)
    if known and kind == "Add":
        return _add(layer, values, builder)
    if not known or kind not in LAYERS or len(values) != 1:
        raise ExportError(
            f"layer {layer.name!r} is a {kind}, which cannot be written to a model file: "
            f"expected one of {', '.join(sorted([*LAYERS, 'Add']))}"
        )
    if getattr(layer, "compute_dtype", "float32") not in ("float32", "uint8"):
        raise _unsupported(layer, f"computes in {layer.compute_dtype}", "float32")
    return LAYERS[kind](layer, values[0], builder)


def translate_layer_config(
    layer: LayerConfig, weights: Sequence[NDArray[Any]], value: Value, builder: Builder
) -> Value:
    """Append what a layer with those `weights` does, which is described without Keras, channels last."""
    like_keras = SimpleNamespace(**layer.arguments, data_format="channels_last", get_weights=lambda: weights)
    return LAYERS[layer.class_name](like_keras, value, builder)


def _unsupported(layer: Any, found: str, expected: str) -> ExportError:
    return ExportError(
        f"layer {layer.name!r} ({type(layer).__name__}) {found}, which cannot be written to a model file: "
        f"expected {expected}"
    )


def _weights(layer: Any) -> list[Array]:
    return [np.asarray(array, np.float64) for array in layer.get_weights()]


def _bias(layer: Any, outputs: int) -> Array:
    return _weights(layer)[1] if layer.use_bias else np.zeros(outputs)


def _check_picture(layer: Any, value: Value) -> None:
    """Refuse a layer for pictures that gets features, or that looks for the channels on another axis."""
    if len(value.shape) != 3:
        raise _unsupported(layer, f"gets features of shape {value.shape}", "pictures (channels, height, width)")
    if (layer.data_format == "channels_first") != value.channels_first:
        raise _unsupported(layer, f"is {layer.data_format} and its input is not", "one data format throughout")


def _dense(layer: Any, value: Value, builder: Builder) -> Value:
    if len(value.shape) != 1:
        raise _unsupported(layer, f"gets an input of shape {value.shape}", "a Flatten or a global pooling before it")
    kernel = _in_our_order(_weights(layer)[0], value)  # (features, units)
    name = builder.add("Gemm", (value.name,), kernel, _bias(layer, layer.units))
    return _activated(layer, Value(name, (layer.units,), value.channels_first), builder)


def _in_our_order(array: Array, value: Value) -> Array:
    """Weights that go by feature along their first axis, moved to where the file has those features."""
    return array if value.order is None else array[np.argsort(value.order)]


def _conv2d(layer: Any, value: Value, builder: Builder) -> Value:
    _check_picture(layer, value)
    kernel = _weights(layer)[0].transpose(3, 2, 0, 1)  # (filters, channels, height, width)
    window = _window(layer, value, layer.kernel_size, layer.dilation_rate)
    name = builder.add(
        "Conv",
        (value.name,),
        kernel,
        _bias(layer, layer.filters),
        **window.attributes,
        dilations=list(layer.dilation_rate),
        group=layer.groups,
    )
    return _activated(layer, replace(value, name=name, shape=(layer.filters, *window.size)), builder)


@dataclass(frozen=True)
class _Window:
    """Where a sliding window goes, as ONNX's attributes, and the height and width that come out."""

    size: tuple[int, ...]
    attributes: dict[str, list[int]]


def _window(layer: Any, value: Value, kernel: Sequence[int], dilations: Sequence[int] = (1, 1)) -> _Window:
    spans = [(k - 1) * d + 1 for k, d in zip(kernel, dilations, strict=True)]
    axes = list(zip(value.shape[1:], spans, layer.strides, strict=True))
    if layer.padding == "valid":
        size = tuple((length - span) // stride + 1 for length, span, stride in axes)
        pads = [0, 0, 0, 0]
    else:
        size = tuple(math.ceil(length / stride) for length, _, stride in axes)
        missing = [
            max(0, (n - 1) * stride + span - length) for n, (length, span, stride) in zip(size, axes, strict=True)
        ]
        # "same" puts the odd row or column at the end.
        pads = [*(m // 2 for m in missing), *(m - m // 2 for m in missing)]
    return _Window(size, {"kernel_shape": list(kernel), "strides": list(layer.strides), "pads": pads})


def _pooling(operator: str, **attributes: Any) -> Translation:
    def translate(layer: Any, value: Value, builder: Builder) -> Value:
        _check_picture(layer, value)
        window = _window(layer, value, layer.pool_size)
        name = builder.add(operator, (value.name,), **window.attributes, **attributes)
        return replace(value, name=name, shape=(value.shape[0], *window.size))

    return translate


def _global_pooling(operator: str) -> Translation:
    def translate(layer: Any, value: Value, builder: Builder) -> Value:
        _check_picture(layer, value)
        name = builder.add(operator, (value.name,))
        if layer.keepdims:
            return replace(value, name=name, shape=(value.shape[0], 1, 1))
        return replace(value, name=builder.add("Flatten", (name,), axis=1), shape=(value.shape[0],))

    return translate


def _flatten(layer: Any, value: Value, builder: Builder) -> Value:
    if len(value.shape) == 1:
        return value
    ours = np.arange(math.prod(value.shape)).reshape(value.shape)
    theirs = ours if value.channels_first else ours.transpose(1, 2, 0)
    if layer.data_format == "channels_first":  # Keras moves the first axis to the end before it flattens
        theirs = theirs.transpose(1, 2, 0)
    order = theirs.reshape(-1)
    same = bool((order == ours.reshape(-1)).all())
    name = builder.add("Flatten", (value.name,), axis=1)
    return Value(name, (len(order),), value.channels_first, None if same else order)


def _batch_normalization(layer: Any, value: Value, builder: Builder) -> Value:
    axis = layer.axis % (len(value.shape) + 1)
    expected = 1 if len(value.shape) == 1 or value.channels_first else 3
    if axis != expected:
        raise _unsupported(layer, f"normalizes axis {layer.axis}", f"the channels' axis, {expected}")
    weights = iter(_weights(layer))
    scale = next(weights) if layer.scale else np.ones(value.shape[0])
    offset = next(weights) if layer.center else np.zeros(value.shape[0])
    constants = [_in_our_order(array, value) for array in (scale, offset, *weights)]  # … and mean, variance
    name = builder.add("BatchNormalization", (value.name,), *constants, epsilon=float(layer.epsilon))
    return replace(value, name=name)


def _rescaling(layer: Any, value: Value, builder: Builder) -> Value:
    scale, offset = np.asarray(layer.scale, np.float64), np.asarray(layer.offset, np.float64)
    if scale.size != 1 or offset.size != 1:
        raise _unsupported(layer, "scales every channel by itself", "one number for scale and one for offset")
    name = builder.add("Mul", (value.name,), scale.reshape(()))
    if offset.item():
        name = builder.add("Add", (name,), offset.reshape(()))
    return replace(value, name=name)


def _nothing(layer: Any, value: Value, builder: Builder) -> Value:
    return value


def _add(layer: Any, values: Sequence[Value], builder: Builder) -> Value:
    first = values[0]
    for other in values[1:]:
        if other.shape != first.shape or not _same_order(other, first):
            raise _unsupported(layer, f"adds {other.shape} to {first.shape}", "inputs of one shape, made the same way")
        first = replace(first, name=builder.add("Add", (first.name, other.name)))
    return first


def _same_order(first: Value, second: Value) -> bool:
    if first.order is None or second.order is None:
        return first.order is second.order
    return bool((first.order == second.order).all())


def _activated(layer: Any, value: Value, builder: Builder) -> Value:
    """The layer's own activation function, applied to `value`."""
    function = layer.activation
    if isinstance(function, str):  # of a `LayerConfig`
        return replace(value, name=_ACTIVATIONS[function](value, builder))
    import keras

    name = getattr(function, "__name__", type(function).__name__)
    if function is not None and (getattr(keras.activations, name, None) is not function or name not in _ACTIVATIONS):
        raise _unsupported(layer, f"has the activation {name!r}", f"one of {', '.join(sorted(_ACTIVATIONS))}")
    return value if function is None else replace(value, name=_ACTIVATIONS[name](value, builder))


Activation = Callable[[Value, Builder], str]


def _plain(operator: str, **attributes: Any) -> Activation:
    return lambda value, builder: builder.add(operator, (value.name,), **attributes)


def _relu6(value: Value, builder: Builder) -> str:
    return builder.add("Clip", (value.name,), np.zeros(()), np.full((), 6.0))


def _silu(value: Value, builder: Builder) -> str:
    return builder.add("Mul", (value.name, builder.add("Sigmoid", (value.name,))))


def _softmax(value: Value, builder: Builder) -> str:
    if len(value.shape) != 1:
        raise ExportError(f"a softmax over {value.shape} cannot be written to a model file: flatten its input first")
    return builder.add("Softmax", (value.name,), axis=1)


# By the names in `keras.activations`; parameters are Keras's defaults.
_ACTIVATIONS: dict[str, Activation] = {
    "linear": lambda value, builder: value.name,
    "relu": _plain("Relu"),
    "relu6": _relu6,
    "leaky_relu": _plain("LeakyRelu", alpha=0.2),
    "elu": _plain("Elu", alpha=1.0),
    "selu": _plain("Selu"),
    "gelu": _plain("Gelu"),
    "silu": _silu,
    "mish": _plain("Mish"),
    "sigmoid": _plain("Sigmoid"),
    "hard_sigmoid": _plain("HardSigmoid", alpha=1 / 6, beta=0.5),
    "hard_silu": _plain("HardSwish"),
    "tanh": _plain("Tanh"),
    "softplus": _plain("Softplus"),
    "softsign": _plain("Softsign"),
    "softmax": _softmax,
}


def _relu_layer(layer: Any, value: Value, builder: Builder) -> Value:
    if layer.threshold or (layer.negative_slope and layer.max_value is not None):
        raise _unsupported(layer, "has a threshold, or both a slope and a maximum", "one of slope and maximum")
    if layer.negative_slope:
        name = builder.add("LeakyRelu", (value.name,), alpha=float(layer.negative_slope))
    elif layer.max_value is not None:
        name = builder.add("Clip", (value.name,), np.zeros(()), np.full((), float(layer.max_value)))
    else:
        name = builder.add("Relu", (value.name,))
    return replace(value, name=name)


def _leaky_relu_layer(layer: Any, value: Value, builder: Builder) -> Value:
    return replace(value, name=builder.add("LeakyRelu", (value.name,), alpha=float(layer.negative_slope)))


def _elu_layer(layer: Any, value: Value, builder: Builder) -> Value:
    return replace(value, name=builder.add("Elu", (value.name,), alpha=float(layer.alpha)))


def _softmax_layer(layer: Any, value: Value, builder: Builder) -> Value:
    if layer.axis not in (-1, 1):
        raise _unsupported(layer, f"normalizes axis {layer.axis}", "the last axis, -1")
    return replace(value, name=_softmax(value, builder))


# Layers that do nothing once a network is trained.
_ONLY_WHILE_TRAINING = (
    "ActivityRegularization",
    "AlphaDropout",
    "Dropout",
    "GaussianDropout",
    "GaussianNoise",
    "Identity",
    "SpatialDropout2D",
)

LAYERS: dict[str, Translation] = {
    "Activation": _activated,
    "AveragePooling2D": _pooling("AveragePool", count_include_pad=0),
    "BatchNormalization": _batch_normalization,
    "Conv2D": _conv2d,
    "Dense": _dense,
    "ELU": _elu_layer,
    "Flatten": _flatten,
    "GlobalAveragePooling2D": _global_pooling("GlobalAveragePool"),
    "GlobalMaxPooling2D": _global_pooling("GlobalMaxPool"),
    "LeakyReLU": _leaky_relu_layer,
    "MaxPooling2D": _pooling("MaxPool"),
    "ReLU": _relu_layer,
    "Rescaling": _rescaling,
    "Softmax": _softmax_layer,
    **dict.fromkeys(_ONLY_WHILE_TRAINING, _nothing),
}

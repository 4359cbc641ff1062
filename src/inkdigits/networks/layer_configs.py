"""Layers as data: what Keras builds them from, and what is known of a network of them without Keras."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras

__all__ = [
    "LayerConfig",
    "conv2d",
    "dense",
    "flatten",
    "keras_network",
    "layer_names",
    "max_pooling2d",
    "sequential_config",
]

Shape = tuple[int, ...]


@dataclass(frozen=True)
class LayerConfig:
    """A layer of Keras's class `class_name` that is made with `arguments`; a convolution has no padding, stride 1."""

    class_name: str
    arguments: Mapping[str, Any]

    def output_shape(self, shape: Shape) -> Shape:
        """What becomes of an input of `shape`: (height, width, channels) or (features,), without the batch."""
        if self.class_name == "Conv2D":
            size = self.arguments["kernel_size"]
            return shape[0] - size[0] + 1, shape[1] - size[1] + 1, self.arguments["filters"]
        if self.class_name == "MaxPooling2D":
            size = self.arguments["pool_size"]
            return shape[0] // size[0], shape[1] // size[1], shape[2]
        return (math.prod(shape),) if self.class_name == "Flatten" else (self.arguments["units"],)

    def weight_shapes(self, shape: Shape) -> tuple[Shape, ...]:
        """The shapes of kernel and bias for an input of `shape`; empty for a layer without weights."""
        if self.class_name == "Conv2D":
            filters = self.arguments["filters"]
            return (*self.arguments["kernel_size"], shape[-1], filters), (filters,)
        if self.class_name == "Dense":
            units = self.arguments["units"]
            return (shape[-1], units), (units,)
        return ()


def conv2d(filters: int, size: int, activation: str) -> LayerConfig:
    """A convolution of `size` by `size`, without padding."""
    return LayerConfig(
        "Conv2D",
        {
            "filters": filters,
            "kernel_size": [size, size],
            "strides": [1, 1],
            "padding": "valid",
            "dilation_rate": [1, 1],
            "groups": 1,
            "activation": activation,
            "use_bias": True,
        },
    )


def max_pooling2d(size: int) -> LayerConfig:
    """The largest of every `size` by `size`."""
    return LayerConfig("MaxPooling2D", {"pool_size": [size, size], "strides": [size, size], "padding": "valid"})


def flatten() -> LayerConfig:
    """Pictures as features."""
    return LayerConfig("Flatten", {})


def dense(units: int, activation: str) -> LayerConfig:
    """A fully connected layer."""
    return LayerConfig("Dense", {"units": units, "activation": activation, "use_bias": True})


def keras_network(name: str, layers: Sequence[LayerConfig], input_shape: tuple[int, int, int]) -> keras.Model:
    """The untrained network of `layers` in Keras's default data format."""
    import keras

    made = [getattr(keras.layers, layer.class_name)(**layer.arguments) for layer in layers]
    return keras.Sequential([keras.Input(input_shape), *made], name=name)


def sequential_config(name: str, layers: Sequence[LayerConfig], input_shape: tuple[int, int, int]) -> dict[str, Any]:
    """The network of `layers`, channels last, as Keras describes a model in the `config.json` of a `.keras` file."""
    batch_shape = [None, *input_shape]
    first = {"batch_shape": batch_shape, "dtype": "float32", "name": "input_layer"}
    configs = [_keras_config("InputLayer", first)]
    shape: Shape = input_shape
    for layer, layer_name in zip(layers, layer_names(layers), strict=True):
        arguments = {"name": layer_name, "trainable": True, "dtype": "float32", **layer.arguments}
        if layer.class_name != "Dense":
            arguments["data_format"] = "channels_last"
        configs.append({**_keras_config(layer.class_name, arguments), "build_config": {"input_shape": [None, *shape]}})
        shape = layer.output_shape(shape)
    inside = {
        "name": name,
        "trainable": True,
        "dtype": "float32",
        "layers": configs,
        "build_input_shape": batch_shape,
    }
    return {
        "module": "keras",
        "class_name": "Sequential",
        "config": inside,
        "registered_name": None,
        "build_config": {"input_shape": batch_shape},
    }


def layer_names(layers: Sequence[LayerConfig]) -> Iterator[str]:
    """The layers' names as Keras counts them: dense, dense_1, ..."""
    counts: dict[str, int] = {}
    for layer in layers:
        base = layer.class_name.lower().replace("maxpooling", "max_pooling")
        number = counts.get(base, 0)
        counts[base] = number + 1
        yield f"{base}_{number}" if number else base


def _keras_config(class_name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {"module": "keras.layers", "class_name": class_name, "config": dict(arguments), "registered_name": None}

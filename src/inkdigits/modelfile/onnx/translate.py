"""From a Keras model to a `Graph`: follow its tensors from the output back to the input, layer by layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from inkdigits.errors import ExportError
from inkdigits.modelfile.onnx.graph import INPUT, Builder, Graph, Node, Value
from inkdigits.modelfile.onnx.keras_layers import translate_layer, translate_layer_config
from inkdigits.networks.plain_network import INPUT_SHAPE, PlainNetwork

if TYPE_CHECKING:
    import keras

__all__ = ["translate"]


def translate(model: keras.Model | PlainNetwork) -> Graph:
    """`model` as a graph from pictures uint8 (n, height, width) to its raw logits.

    `model` is a Sequential or Functional network that takes one grey picture, float32 in [0, 1], and ends in a softmax.
    Raises `ExportError` for any other, and names the layer that cannot be written.
    """
    height, width, channels_first = _picture_shape(model)
    builder = Builder()
    # The preparation that `networks.inputs.to_inputs` does: scaled to [0, 1], with an axis for the one channel.
    name = builder.add("Cast", (INPUT,), to="FLOAT")
    name = builder.add("Mul", (name,), np.asarray(1 / 255))
    name = builder.add("Unsqueeze", (name,), np.asarray([1], np.int64))
    result = _through(model, Value(name, (1, height, width), channels_first), builder)
    nodes, logits = _without_softmax(builder.nodes, result.name)
    return Graph(tuple(nodes), height, width, logits, result.shape[0])


def _picture_shape(model: keras.Model | PlainNetwork) -> tuple[int, int, bool]:
    if isinstance(model, PlainNetwork):
        return *INPUT_SHAPE[:2], False
    inputs = getattr(model, "inputs", None)
    if not inputs or len(inputs) != 1 or len(model.outputs) != 1:
        raise ExportError(
            f"network {model.name!r} cannot be written to a model file: expected a Sequential or Functional network "
            "with one input and one output"
        )
    shape = tuple(inputs[0].shape[1:])
    if len(shape) != 3 or None in shape or 1 not in (shape[0], shape[2]):
        raise ExportError(f"network {model.name!r} takes {shape}, expected one grey picture (height, width, 1)")
    return (shape[0], shape[1], False) if shape[2] == 1 else (shape[1], shape[2], True)


def _through(model: keras.Model | PlainNetwork, value: Value, builder: Builder) -> Value:
    if isinstance(model, PlainNetwork):
        for layer, weights in model.with_weights():
            value = translate_layer_config(layer, weights, value, builder)
        return value
    known = {id(model.inputs[0]): value}
    return _value_of(model.outputs[0], known, builder)


def _value_of(tensor: Any, known: dict[int, Value], builder: Builder) -> Value:
    """What `tensor` is in the graph; a tensor that two layers take is computed once."""
    if id(tensor) not in known:
        layer, call, _ = tensor._keras_history
        inputs = [_value_of(before, known, builder) for before in layer._inbound_nodes[call].input_tensors]
        known[id(tensor)] = _applied(layer, inputs, builder)
    return known[id(tensor)]


def _applied(layer: Any, inputs: list[Value], builder: Builder) -> Value:
    is_network = len(inputs) == 1 and len(getattr(layer, "inputs", None) or ()) == 1
    return _through(layer, inputs[0], builder) if is_network else translate_layer(layer, inputs, builder)


def _without_softmax(nodes: list[Node], output: str) -> tuple[list[Node], str]:
    """Take the softmax off the end; what it was given are the logits."""
    last = next(node for node in nodes if node.output == output)
    if last.op_type != "Softmax":
        raise ExportError(f"the network ends in {last.op_type}, expected a softmax: its outputs are not probabilities")
    return [node for node in nodes if node is not last], last.inputs[0]

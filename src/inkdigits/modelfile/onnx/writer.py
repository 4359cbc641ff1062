"""A `Graph` as the bytes of a model file: preparation, network and probabilities in one ONNX graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.modelfile.metadata import PRODUCER, Metadata, to_properties, with_checksum
from inkdigits.modelfile.onnx.graph import INPUT, Graph, Node

if TYPE_CHECKING:
    import onnx

__all__ = ["to_bytes"]

# The oldest that has every node we write, for the sake of older runtimes: ONNX 1.15, ONNX Runtime 1.17.
_OPSET, _IR_VERSION = 20, 9


def to_bytes(graph: Graph, metadata: Metadata) -> bytes:
    """The model file of `graph`, checked by `onnx.checker`, its checksum included."""
    import onnx
    from onnx import TensorProto, helper

    nodes = [_node(node, graph.output) for node in graph.nodes]
    weights = [tensor for node in graph.nodes for tensor in _tensors(node)]
    logits = "logits"
    if metadata.temperature != 1:
        nodes.append(helper.make_node("Div", [logits, "temperature"], ["calibrated"]))
        weights.append(_tensor(np.asarray(metadata.temperature), "temperature"))
        logits = "calibrated"
    nodes.append(helper.make_node("Softmax", [logits], ["probabilities"], axis=1))
    body = helper.make_graph(
        nodes,
        metadata.network,
        [helper.make_tensor_value_info(INPUT, TensorProto.UINT8, ["n", graph.height, graph.width])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", graph.classes])
            for name in ("probabilities", "logits")
        ],
        weights,
    )
    model = helper.make_model(
        body,
        producer_name=PRODUCER,
        producer_version=metadata.inkdigits_version,
        ir_version=_IR_VERSION,
        opset_imports=[helper.make_opsetid("", _OPSET)],
    )
    helper.set_model_props(model, to_properties(metadata))
    onnx.checker.check_model(model, full_check=True)
    return with_checksum(model.SerializeToString())


def _node(node: Node, logits: str) -> onnx.NodeProto:
    from onnx import TensorProto, helper

    attributes: dict[str, Any] = dict(node.attributes)
    if node.op_type == "Cast":
        attributes["to"] = TensorProto.FLOAT
    names = [_named(name, logits) for name in node.inputs]
    constants = [_constant_name(node, i) for i in range(len(node.constants))]
    output = _named(node.output, logits)
    return helper.make_node(node.op_type, [*names, *constants], [output], name=node.output, **attributes)


def _named(value: str, logits: str) -> str:
    return "logits" if value == logits else value


def _constant_name(node: Node, index: int) -> str:
    return f"{node.output}.{index}"


def _tensors(node: Node) -> list[onnx.TensorProto]:
    return [_tensor(constant, _constant_name(node, i)) for i, constant in enumerate(node.constants)]


def _tensor(array: NDArray[Any], name: str) -> onnx.TensorProto:
    from onnx import numpy_helper

    kept = array if array.dtype == np.int64 else array.astype(np.float32)
    return numpy_helper.from_array(np.ascontiguousarray(kept).reshape(array.shape), name)

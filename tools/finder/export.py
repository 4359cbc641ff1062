"""The trained finder as an ONNX file that takes uint8 pictures: standardisation, network and sigmoids in one graph."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from tools.finder.network import CHANNELS, MAPS, Finder
from torch import nn

from inkdigits.modelfile.metadata import PRODUCER, with_checksum
from inkdigits.reading.finder import FORMAT_VERSION, MIN_DEVIATION

__all__ = ["to_onnx"]

_OPSET, _IR_VERSION = 20, 9


class _Graph:
    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def constant(self, array: NDArray[np.generic]) -> str:
        name = f"constant_{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def add(self, operator: str, *inputs: str, output: str | None = None, **attributes: object) -> str:
        name = output or f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name


def to_onnx(finder: Finder, properties: Mapping[str, str]) -> bytes:
    """The file: `pictures` uint8 (n, h, w, 3) to `ink` float32 (n, 2, h, w) in [0, 1] and `offset` (n, 2, h, w)."""
    graph = _Graph()
    maps = _unet(graph, finder, _standardised(graph))
    ink, offset = (
        graph.add("Slice", maps, *(graph.constant(np.array([value], np.int64)) for value in part)) for part in _PARTS
    )
    graph.add("Sigmoid", ink, output="ink")
    graph.add("Identity", offset, output="offset")
    shape = ["n", "height", "width"]
    body = helper.make_graph(
        graph.nodes,
        "finder",
        [helper.make_tensor_value_info("pictures", TensorProto.UINT8, [*shape, 3])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 2, *shape[1:]]) for name in ("ink", "offset")],
        graph.weights,
    )
    opsets = [helper.make_opsetid("", _OPSET)]
    model = helper.make_model(body, producer_name=PRODUCER, ir_version=_IR_VERSION, opset_imports=opsets)
    helper.set_model_props(model, {**properties, "finder_format": str(FORMAT_VERSION), "inkdigits_sha256": "0" * 64})
    onnx.checker.check_model(model, full_check=True)
    return with_checksum(model.SerializeToString())


# Start, end and axis of the ink and the offset among the maps.
_PARTS = ((0, 2, 1), (2, MAPS, 1))


def _standardised(graph: _Graph) -> str:
    """Each channel less its mean, divided by the standard deviation of the whole picture."""
    floats = graph.add("Cast", "pictures", to=TensorProto.FLOAT)
    first = graph.add("Transpose", floats, perm=[0, 3, 1, 2])
    mean = graph.add("ReduceMean", first, graph.constant(np.array([2, 3], np.int64)), keepdims=1)
    centred = graph.add("Sub", first, mean)
    squares = graph.add("Mul", centred, centred)
    variance = graph.add("ReduceMean", squares, graph.constant(np.array([1, 2, 3], np.int64)), keepdims=1)
    deviation = graph.add("Add", graph.add("Sqrt", variance), graph.constant(np.float32(MIN_DEVIATION)))
    return graph.add("Div", centred, deviation)


def _unet(graph: _Graph, finder: Finder, values: str) -> str:
    kept = []
    for level, block in enumerate(finder.down):
        if level:
            values = graph.add("MaxPool", values, kernel_shape=[2, 2], strides=[2, 2])
        values = _block(graph, block, values)
        kept.append(values)
    scales = graph.constant(np.array([1, 1, 2, 2], np.float32))
    for level in reversed(range(len(CHANNELS) - 1)):
        nearest = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        enlarged = graph.add("Resize", values, "", scales, **nearest)
        values = _block(graph, finder.up[level], graph.add("Concat", enlarged, kept[level], axis=1))
    weight, bias = (parameter.detach().numpy() for parameter in (finder.maps.weight, finder.maps.bias))
    return graph.add("Conv", values, graph.constant(weight), graph.constant(bias), kernel_shape=[1, 1])


def _block(graph: _Graph, block: nn.Sequential, values: str) -> str:
    """Convolutions, batch normalization folded into them, and ReLU."""
    for convolution, normalization in zip(block[::3], block[1::3], strict=True):
        gain = normalization.weight / (normalization.running_var + normalization.eps).sqrt()
        kernel = (convolution.weight * gain[:, None, None, None]).detach().numpy()
        bias = (normalization.bias - normalization.running_mean * gain).detach().numpy()
        values = graph.add(
            "Conv", values, graph.constant(kernel), graph.constant(bias), kernel_shape=[3, 3], pads=[1, 1, 1, 1]
        )
        values = graph.add("Relu", values)
    return values

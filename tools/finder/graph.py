"""The finder as an ONNX file, laid out for speed: the finest level computes with pairs of neighbouring pixels.

Processors multiply 8 or 16 channels at a time, and the finest level has 8: ONNX Runtime pads it to 16 where it can,
and memory limits it besides. Two neighbouring pixels of a row are therefore one of twice the channels there, and
kernels are written out for such pairs, with zeros where a tap lies outside a kernel. What is computed stays the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from inkdigits.modelfile.metadata import PRODUCER, with_checksum
from inkdigits.reading.finder import FORMAT_VERSION, MIN_DEVIATION

__all__ = ["Convolution", "finder_file"]

_OPSET, _IR_VERSION = 20, 9

Floats = NDArray[np.float32]
# A kernel (outputs, inputs, height, width) and a bias (outputs,), None for none.
Convolution = tuple[Floats, Floats | None]
Block = Sequence[Convolution]


class _Graph:
    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def constant(self, array: NDArray[np.generic]) -> str:
        name = f"constant_{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def integers(self, *values: int) -> str:
        return self.constant(np.array(values, np.int64))

    def add(self, operator: str, *inputs: str, output: str | None = None, **attributes: object) -> str:
        name = output or f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def part(self, values: str, start: int, end: int, axis: int) -> str:
        return self.add("Slice", values, *map(self.integers, (start, end, axis)))

    def convolved(self, values: str, kernel: Floats, bias: Floats | None = None) -> str:
        size = list(kernel.shape[2:])
        pads = [side // 2 for side in size] * 2
        parameters = [self.constant(array) for array in (kernel, bias) if array is not None]
        return self.add("Conv", values, *parameters, kernel_shape=size, pads=pads)


def finder_file(down: Sequence[Block], up: Sequence[Block], maps: Convolution, properties: Mapping[str, str]) -> bytes:
    """The file: `pictures` uint8 (n, h, w, 3) to `ink` float32 (n, 2, h, w) in [0, 1] and `offset` (n, 2, h, w).

    `down` and `up` are the blocks of the U-Net by level, from the finest on, each a sequence of convolutions with ReLU;
    one of `up` takes what is enlarged first, then what was kept on the way down.
    """
    graph = _Graph()
    _add_outputs(graph, _unet(graph, down, up, maps))
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


def _unet(graph: _Graph, down: Sequence[Block], up: Sequence[Block], maps: Convolution) -> str:
    """The maps of pairs of pixels, (n, 2 * maps, h, w / 2)."""
    finest = _block(graph, [_of_pairs(one) for one in down[0]], _standardised_pairs(graph))
    values, kept = _pooled_pairs(graph, finest, len(down[0][-1][0])), []
    for level, block in enumerate(down[1:]):
        if level:
            values = graph.add("MaxPool", values, kernel_shape=[2, 2], strides=[2, 2])
        values = _block(graph, block, values)
        kept.append(values)
    for block, fine in zip(up[:0:-1], kept[-2::-1], strict=True):
        values = _merged(graph, _split(block), _enlarged(graph, values, 2), fine)
    coarse, fine, *others = _split(up[0])
    paired = [(_kernel_of_doubled(coarse[0]), None), *map(_of_pairs, (fine, *others))]
    return graph.convolved(_merged(graph, paired, _enlarged(graph, values, 1), finest), *_of_pairs(maps))


def _standardised_pairs(graph: _Graph) -> str:
    """Pairs of pixels (n, 6, h, w / 2): each colour less its mean, divided by the deviation of the whole picture."""
    floats = graph.add("Cast", "pictures", to=TensorProto.FLOAT)
    rows = graph.part(graph.add("Shape", "pictures"), 0, 2, 0)
    pairs = graph.add("Reshape", floats, graph.add("Concat", rows, graph.integers(-1, 6), axis=0))
    first = graph.add("Transpose", pairs, perm=[0, 3, 1, 2])
    sides = graph.add("Reshape", _mean(graph, first, 2), graph.integers(0, 2, 3))
    mean = graph.add("ReduceMean", sides, graph.integers(1), keepdims=1)
    both = graph.add("Reshape", graph.add("Concat", mean, mean, axis=1), graph.integers(0, 6, 1, 1))
    centred = graph.add("Sub", first, both)
    variance = _mean(graph, graph.add("Mul", centred, centred), 1, 2)
    deviation = graph.add("Add", graph.add("Sqrt", variance), graph.constant(np.array(MIN_DEVIATION, np.float32)))
    return graph.add("Div", centred, deviation)


def _mean(graph: _Graph, values: str, *axes: int) -> str:
    """The mean over the rows' values, then over `axes`: a single sum over a million values would round too coarsely."""
    rows = graph.add("ReduceMean", values, graph.integers(3), keepdims=1)
    return graph.add("ReduceMean", rows, graph.integers(*axes), keepdims=1)


def _pooled_pairs(graph: _Graph, values: str, channels: int) -> str:
    """The maximum of two pairs one above the other, pixels again, (n, channels, h / 2, w / 2)."""
    pairs = graph.add("MaxPool", values, kernel_shape=[2, 1], strides=[2, 1])
    return graph.add("Max", *(graph.part(pairs, place * channels, (place + 1) * channels, 1) for place in (0, 1)))


def _enlarged(graph: _Graph, values: str, across: int) -> str:
    """Each value repeated twice downwards, and `across` times to the right."""
    scales = graph.constant(np.array([1, 1, 2, across], np.float32))
    nearest = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    return graph.add("Resize", values, "", scales, **nearest)


def _split(block: Block) -> Block:
    """A block on the way up, its first convolution as two: of what is enlarged, and of what was kept."""
    (kernel, bias), *others = block
    count = kernel.shape[1] - len(kernel)
    return [(kernel[:, :count], None), (kernel[:, count:], bias), *others]


def _merged(graph: _Graph, block: Block, coarse: str, fine: str) -> str:
    """A split block on `coarse` and `fine`: to add what two convolutions say of them saves joining their channels."""
    first, second, *others = block
    both = graph.add("Add", graph.convolved(coarse, *first), graph.convolved(fine, *second))
    return _block(graph, others, graph.add("Relu", both))


def _block(graph: _Graph, block: Block, values: str) -> str:
    for kernel, bias in block:
        values = graph.add("Relu", graph.convolved(values, kernel, bias))
    return values


def _of_pairs(convolution: Convolution) -> Convolution:
    kernel, bias = convolution
    return _kernel_of_pairs(kernel), None if bias is None else np.tile(bias, 2)


def _kernel_of_pairs(kernel: Floats) -> Floats:
    """The kernel from pairs of pixels to pairs of pixels; of a pair, the left pixel's channels come first."""
    outputs, inputs, height, width = kernel.shape
    pairs = np.zeros((2, outputs, 2, inputs, height, width), np.float32)
    reach = width // 2
    for right in (0, 1):
        for column in range(width):
            place = right + column - reach  # of the pixel that the tap falls on, from the pair's left pixel
            pairs[right, :, place % 2, :, :, place // 2 + reach] += kernel[..., column]
    return pairs.reshape(2 * outputs, 2 * inputs, height, width)


def _kernel_of_doubled(kernel: Floats) -> Floats:
    """The kernel to pairs of pixels from values that both pixels of a pair share."""
    pairs = _kernel_of_pairs(kernel)
    outputs, inputs, *size = pairs.shape
    return pairs.reshape(outputs, 2, inputs // 2, *size).sum(axis=1)


def _add_outputs(graph: _Graph, pairs: str) -> None:
    last = graph.add("Transpose", pairs, perm=[0, 2, 3, 1])
    size = graph.part(graph.add("Shape", "pictures"), 0, 3, 0)
    pixels = graph.add("Reshape", last, graph.add("Concat", size, graph.integers(-1), axis=0))
    maps = graph.add("Transpose", pixels, perm=[0, 3, 1, 2])
    graph.add("Sigmoid", graph.part(maps, 0, 2, 1), output="ink")
    graph.add("Slice", maps, *map(graph.integers, (2, 4, 1)), output="offset")

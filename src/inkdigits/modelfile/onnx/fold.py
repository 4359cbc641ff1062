"""Make a graph smaller without changing what it computes, by folding scaling and batch normalization into weights."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from inkdigits.modelfile.onnx.graph import Node

__all__ = ["folded"]

Nodes = list[Node]
_LINEAR = ("Conv", "Gemm")
# Operators that a factor, and that a summand, may be moved across.
_KEEPS_FACTORS = ("Unsqueeze", "Flatten", "AveragePool", "GlobalAveragePool")
_KEEPS_SUMMANDS = ("Unsqueeze", "Flatten")


def folded(nodes: Iterable[Node], output: str) -> Nodes:
    """`nodes` with everything folded that can be; the value `output` stays the same but for rounding."""
    small = list(nodes)
    for fold in (_normalization_into_weights, _summand_into_bias, _factor_into_weights, _axis_into_flatten):
        small = _until_nothing_changes(fold, small, output)
    return small


def _until_nothing_changes(fold: Callable[[Nodes, Node, str], Nodes | None], nodes: Nodes, output: str) -> Nodes:
    changed: Nodes | None = nodes
    while changed is not None:
        nodes = changed
        changed = next((new for node in nodes if (new := fold(nodes, node, output)) is not None), None)
    return nodes


def _consumers(nodes: Nodes, name: str) -> Nodes:
    return [node for node in nodes if name in node.inputs]


def _only_consumer(nodes: Nodes, node: Node, output: str) -> Node | None:
    consumers = _consumers(nodes, node.output)
    return consumers[0] if len(consumers) == 1 and node.output != output else None


def _without(nodes: Nodes, dropped: Node, changed: Node | None = None, into: Node | None = None) -> Nodes:
    """`nodes` without `dropped`, whose only input stands in for its output, and with `changed` in the place of `into`.

    Only a node that is not the graph's output may be dropped.
    """
    kept = [changed if changed is not None and node is into else node for node in nodes if node is not dropped]
    return [_rewired(node, dropped.output, dropped.inputs[0]) for node in kept]


def _rewired(node: Node, old: str, new: str) -> Node:
    return replace(node, inputs=tuple(new if name == old else name for name in node.inputs))


def _normalization_into_weights(nodes: Nodes, node: Node, output: str) -> Nodes | None:
    """Fold a batch normalization into the convolution or dense layer right before it (Ioffe and Szegedy 2015)."""
    if node.op_type != "BatchNormalization":
        return None
    linear = next((before for before in nodes if before.output == node.inputs[0]), None)
    if linear is None or linear.op_type not in _LINEAR or _only_consumer(nodes, linear, output) is not node:
        return None
    scale, offset, mean, variance = node.constants
    factor = scale / np.sqrt(variance + node.attributes["epsilon"])
    weights, bias = linear.constants
    by_output = factor[:, None, None, None] if linear.op_type == "Conv" else factor
    merged = replace(linear, output=node.output, constants=(weights * by_output, (bias - mean) * factor + offset))
    return [merged if other is node else other for other in nodes if other is not linear]


def _linear_after(nodes: Nodes, node: Node, output: str, across: tuple[str, ...]) -> Node | None:
    """The convolution or dense layer that alone takes the result of `node`, across nodes that do not matter."""
    after = _only_consumer(nodes, node, output)
    while after is not None and after.op_type in across:
        after = _only_consumer(nodes, after, output)
    return after if after is not None and after.op_type in _LINEAR else None


def _is_scalar(node: Node, op_type: str) -> bool:
    return node.op_type == op_type and len(node.constants) == 1 and node.constants[0].size == 1


def _summand_into_bias(nodes: Nodes, node: Node, output: str) -> Nodes | None:
    linear = _linear_after(nodes, node, output, _KEEPS_SUMMANDS) if _is_scalar(node, "Add") else None
    # Around the picture a convolution pads with zeros, to which nothing was added.
    if linear is None or any(linear.attributes.get("pads", ())):
        return None
    weights, bias = linear.constants
    sums = weights.sum(axis=(1, 2, 3) if linear.op_type == "Conv" else 0)
    return _without(nodes, node, replace(linear, constants=(weights, bias + node.constants[0] * sums)), linear)


def _factor_into_weights(nodes: Nodes, node: Node, output: str) -> Nodes | None:
    if not _is_scalar(node, "Mul"):
        return None
    after = _only_consumer(nodes, node, output)
    if after is not None and _is_scalar(after, "Mul"):
        return _without(nodes, node, replace(after, constants=(after.constants[0] * node.constants[0],)), after)
    linear = _linear_after(nodes, node, output, _KEEPS_FACTORS)
    if linear is None:
        return None
    weights, bias = linear.constants
    return _without(nodes, node, replace(linear, constants=(weights * node.constants[0], bias)), linear)


def _axis_into_flatten(nodes: Nodes, node: Node, output: str) -> Nodes | None:
    """A flattened picture does not miss the axis of its one channel."""
    after = _only_consumer(nodes, node, output)
    if node.op_type != "Unsqueeze" or after is None or after.op_type != "Flatten":
        return None
    return _without(nodes, node)

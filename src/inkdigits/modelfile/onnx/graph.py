"""A network as a list of ONNX nodes with their weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["INPUT", "Builder", "Graph", "Node", "Value"]

INPUT = "images"

Weights = NDArray[Any]


@dataclass(frozen=True)
class Node:
    """One node of the graph. Its inputs are the values `inputs`, then `constants`, in the operator's order."""

    op_type: str
    inputs: tuple[str, ...]
    output: str
    constants: tuple[Weights, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Graph:
    """Nodes in the order in which they run, from pictures uint8 (n, height, width) to the value `output`."""

    nodes: tuple[Node, ...]
    height: int
    width: int
    output: str
    classes: int


@dataclass(frozen=True)
class Value:
    """What flows between nodes: `shape` is (channels, height, width) or (features,), without the batch.

    Inside the file channels always come first. `channels_first` says whether Keras has them there too. A flattened
    picture has its features in another order than Keras's where Keras flattened channels last: Keras's feature j is our
    feature `order[j]`; None where the orders are the same. The next weights absorb it.
    """

    name: str
    shape: tuple[int, ...]
    channels_first: bool
    order: NDArray[np.intp] | None = None


class Builder:
    """Collects nodes and names their outputs."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []

    def add(self, op_type: str, inputs: tuple[str, ...], *constants: Weights, **attributes: Any) -> str:
        """Append an node and return the name of its output."""
        output = f"{op_type.lower()}_{len(self.nodes)}"
        self.nodes.append(Node(op_type, inputs, output, constants, attributes))
        return output

"""What the instrumentation reports from inside a submission's kernel, and how its reports are read.

Code of the submission can replace the instrumentation, so every report is untrusted: its JSON is decoded by the types
below, and anything that does not fit them is no report at all.
"""

from __future__ import annotations

import ast
import json
from dataclasses import asdict, dataclass, is_dataclass
from types import UnionType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

__all__ = [
    "ArraySummary", "Call", "LayerDescription", "Measurement", "ModelDescription", "Observations", "PictureCounts",
    "decode_report", "encode_report",
]  # fmt: skip

Shape = tuple[int | None, ...]


@dataclass(frozen=True)
class LayerDescription:
    """One layer of a model; None stands for what the layer does not have or does not tell."""

    kind: str  # the name of its class
    units: int | None = None  # or filters
    activation: str | None = None
    output: Shape | None = None


@dataclass(frozen=True)
class ModelDescription:
    """A model as it stood after a call."""

    layers: tuple[LayerDescription, ...] = ()
    parameters: int | None = None
    loss: str | None = None
    from_logits: bool = False
    optimizer: str | None = None
    learning_rate: float | None = None


@dataclass(frozen=True)
class PictureCounts:
    """How many pictures a call was given, and which of them are recognized as the test set's."""

    rows: int = 0
    test_rows: int = 0
    wrong_labels: int = 0  # of the test pictures: labels that are not MNIST's
    highest: float | None = None  # the largest pixel value
    label_shape: Shape | None = None


@dataclass(frozen=True)
class Call:
    """One call of a Keras model's method. `cell` is filled in by the checker."""

    name: Literal["fit", "train_on_batch", "evaluate", "test_on_batch"]
    model_id: int
    epochs: int
    pictures: PictureCounts
    validation: PictureCounts | None
    losses: tuple[float, ...]  # an epoch each
    model: ModelDescription
    cell: str = ""

    @property
    def trains(self) -> bool:
        """Whether the call changes weights."""
        return self.name in ("fit", "train_on_batch")


@dataclass(frozen=True)
class ArraySummary:
    """An array of the notebook; `wrong_labels` counts the test labels that are not MNIST's."""

    shape: Shape
    wrong_labels: int | None = None


@dataclass(frozen=True)
class Observations:
    """What was recorded during one cell. `cell` is filled in by the checker."""

    calls: tuple[Call, ...]
    arrays: dict[str, ArraySummary]
    data_format: str | None
    cell: str = ""


@dataclass(frozen=True)
class Measurement:
    """What the notebook's `model` reads in the checker's test pictures, or in `error` why it reads nothing.

    `digits` holds one reading of all test pictures for every way in which they may have been prepared.
    """

    digits: tuple[tuple[int, ...], ...] = ()
    model: ModelDescription = ModelDescription()
    error: str | None = None


_Report = TypeVar("_Report", Observations, Measurement)


def encode_report(report: Observations | Measurement) -> str:
    """`report` as JSON."""
    return json.dumps(asdict(report))


def decode_report(kind: type[_Report], answer: str) -> _Report | None:
    """The report in `answer`, the `repr` of `encode_report`'s text; None where it is anything else."""
    try:
        report: _Report = _decode(kind, json.loads(ast.literal_eval(answer)))
    except Exception:
        # A forged answer may raise anything, a MemoryError included, and concerns its author alone.
        return None
    return report


def _decode(kind: Any, value: Any) -> Any:
    """`value`, from JSON, as the annotated type `kind`. Raises `TypeError` where it is of another type."""
    origin, arguments = get_origin(kind), get_args(kind)
    if is_dataclass(kind) and isinstance(value, dict):
        types = get_type_hints(kind)
        return kind(**{name: _decode(types[name], part) for name, part in value.items()})  # type: ignore[operator]
    if origin is UnionType:
        return None if value is None else _decode(arguments[0], value)
    if origin is tuple and isinstance(value, list):
        return tuple(_decode(arguments[0], part) for part in value)
    if origin is dict and isinstance(value, dict):
        return {str(name): _decode(arguments[1], part) for name, part in value.items()}
    if kind is float and type(value) in (int, float):
        return float(value)
    if (origin is Literal and value in arguments) or type(value) is kind:
        return value
    raise TypeError(f"expected {kind}, got {type(value).__name__}")

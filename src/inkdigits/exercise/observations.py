"""What the instrumentation reports from inside a submission's kernel, and how its reports are read.

Code of the submission can replace the instrumentation, so every report is untrusted: its JSON is decoded by the types
below, and anything that does not fit them is no report at all.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, is_dataclass
from types import UnionType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from inkdigits.exercise.parsing import parse_literal

__all__ = [
    "ArraySummary", "Call", "ExportedValues", "LayerDescription", "ModelDescription", "NotebookValue", "Observations",
    "Offer", "OfferedArray", "PictureCounts", "decode_report", "encode_report",
]  # fmt: skip

Shape = tuple[int | None, ...]


@dataclass(frozen=True)
class LayerDescription:
    """One layer of a model; None stands for what the layer does not have or does not tell."""

    kind: str  # the name of its class
    units: int | None = None  # or filters
    activation: str | None = None
    output: Shape | None = None
    settings: dict[str, str] | None = None  # kernel size, strides, padding, axis, rate: those that it has


@dataclass(frozen=True)
class ModelDescription:
    """A model as it stood after a call."""

    layers: tuple[LayerDescription, ...] = ()
    parameters: int | None = None
    trainable: int | None = None  # of these parameters
    loss: str | None = None
    from_logits: bool = False
    optimizer: str | None = None
    learning_rate: float | None = None
    compute_dtype: str | None = None
    input_shape: Shape | None = None  # of a batch
    output_shape: Shape | None = None
    weights: str | None = None  # a checksum
    zero_kernels: int = 0  # weight matrices that hold nothing but zeros
    compiled: bool = False
    subclassed: bool = False


@dataclass(frozen=True)
class PictureCounts:
    """How many pictures a call was given, and which of them are recognized as the test set's."""

    rows: int = 0
    test_rows: int = 0
    copies: int = 0  # altered copies of test pictures, estimated from a sample
    train_rows: int = 0
    wrong_labels: int = 0  # of the test pictures: labels that are not MNIST's
    wrong_train_labels: int = 0  # the same of the training pictures
    lowest: float | None = None  # the smallest pixel value
    highest: float | None = None  # the largest
    label_shape: Shape | None = None
    picture_shape: Shape | None = None

    @property
    def of_test(self) -> int:
        """Pictures of the test set, altered ones included."""
        return self.test_rows + self.copies


@dataclass(frozen=True)
class Call:
    """One call of a Keras model's method, or several alike in a row. `cell` is filled in by the checker."""

    name: Literal["fit", "train_on_batch", "evaluate", "test_on_batch", "predict", "predict_on_batch", "__call__"]
    model_id: int
    epochs: int
    pictures: PictureCounts
    validation: PictureCounts | None
    losses: tuple[float, ...]  # an epoch each
    model: ModelDescription
    inside: bool = False  # of a fit, for example in a callback
    began_zero: int = 0  # weight matrices of nothing but zeros at the start
    began: str | None = None  # the checksum of the weights at the start of a fit
    batch_size: int | None = None
    trained_again: int = 0  # pictures of the validation data that are trained on, too
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
    other_training: int = 0  # traced or training calls of models outside of fit: loops of the student's own
    cell: str = ""


@dataclass(frozen=True)
class OfferedArray:
    """An array that was written into a file of raw numbers: its first rows, of `length`."""

    name: str
    file: str
    dtype: str
    shape: tuple[int, ...]
    length: int


@dataclass(frozen=True)
class Offer:
    """The notebook's `model`, ready to be measured: its saved form, and pictures as the notebook prepared them."""

    error: str | None = None
    model: ModelDescription = ModelDescription()
    model_id: int = 0
    saved: str | None = None  # the file of its saved form
    input_shape: tuple[int, ...] = ()  # of one picture
    lowest: float = 0.0  # of what fit was given
    highest: float = 1.0
    arrays: tuple[OfferedArray, ...] = ()
    matrices: tuple[str, ...] = ()  # checksums of its weight matrices


@dataclass(frozen=True)
class NotebookValue:
    """One value of the notebook as plain data.

    `kind` says which field holds it: array, number, text, function, model, history, fields, or none of these (other).
    """

    kind: Literal["array", "number", "text", "function", "model", "history", "fields", "other"]
    type_name: str = ""
    identity: int = 0  # of the object
    array: OfferedArray | None = None
    number: float | None = None
    text: str | None = None
    model: ModelDescription | None = None
    fields: dict[str, float] | None = None
    history: dict[str, tuple[float, ...]] | None = None


@dataclass(frozen=True)
class ExportedValues:
    """The values of some names of the notebook, and all the names that it defines."""

    values: dict[str, NotebookValue]
    names: tuple[str, ...] = ()
    error: str | None = None
    data_format: str | None = None


Report = Observations | Offer | ExportedValues
_Report = TypeVar("_Report", Observations, Offer, ExportedValues)


def encode_report(report: Report) -> str:
    """`report` as JSON."""
    return json.dumps(asdict(report))


def decode_report(kind: type[_Report], answer: str) -> _Report | None:
    """The report in `answer`, the `repr` of `encode_report`'s text; None where it is anything else."""
    try:
        report: _Report = _decode(kind, json.loads(parse_literal(answer)))
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

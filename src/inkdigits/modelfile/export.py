"""A trained Keras network as one ONNX file that starts in a blink: preparation, network and probabilities in one graph.

Written by our own hand for our own layers: jax2onnx gave 35 nodes that ONNX Runtime refused, and Keras's own export
needs TensorFlow or torch.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import require_extra
from inkdigits.modelfile.graph import INPUT, Graph, Step
from inkdigits.modelfile.metadata import PRODUCER, Metadata, to_properties, with_checksum
from inkdigits.modelfile.parity import check_parity
from inkdigits.modelfile.predictor import Predictor
from inkdigits.modelfile.translate import translate
from inkdigits.stats.calibration import fit_acceptance_threshold, fit_temperature, softmax
from inkdigits.system.atomic_io import write_bytes

if TYPE_CHECKING:
    import keras
    import onnx

    from inkdigits.datasets.labelled import LabelledDigits

__all__ = ["Exported", "export_onnx", "to_bytes"]

# The oldest that has every operator we write, for the sake of older runtimes: ONNX 1.15, ONNX Runtime 1.17.
_OPSET, _IR_VERSION = 20, 9


@dataclass(frozen=True)
class Exported:
    """A file that was written, after it was compared with Keras. A folder for some formats."""

    path: Path
    largest_difference: float  # of a probability from Keras's
    temperature: float | None = None  # None where the format has no place for it


def export_onnx(
    model: keras.Model,
    path: Path,
    metadata: Metadata,
    pictures: NDArray[np.uint8],
    validation: LabelledDigits | None = None,
    worn: NDArray[np.uint8] | None = None,
) -> Exported:
    """Write `model` to `path` as a model file.

    The file's answers to `pictures`, uint8 (n, height, width), are compared with the model's first. With `validation`
    the temperature is fitted on it, else it is the one in `metadata`. With `worn`, pictures of digits, the
    threshold of acceptance is fitted on them. Raises `ExportError` when a layer cannot be written
    or the answers differ, `MissingExtraError` without onnx, `OutputError` when the file cannot be written.
    """
    require_extra("onnx", "train", "writing a model file")
    graph = translate(model)
    plain = Predictor.from_bytes(to_bytes(graph, replace(metadata, temperature=1.0)), str(path))
    difference = check_parity(model, plain.predict_proba, pictures)
    if validation is not None:
        temperature = fit_temperature(validation.labels, plain.predict_logits(validation.images))
        metadata = replace(metadata, temperature=temperature)
    if worn is not None:
        answers = softmax(plain.predict_logits(worn) / metadata.temperature)
        metadata = replace(metadata, acceptance_threshold=fit_acceptance_threshold(answers))
    write_bytes(path, to_bytes(graph, metadata))
    return Exported(path, difference, metadata.temperature)


def to_bytes(graph: Graph, metadata: Metadata) -> bytes:
    """The model file of `graph`, checked by `onnx.checker` and with_checksum with its checksum."""
    import onnx
    from onnx import TensorProto, helper

    nodes = [_node(step, graph.output) for step in graph.steps]
    weights = [tensor for step in graph.steps for tensor in _tensors(step)]
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


def _node(step: Step, logits: str) -> onnx.NodeProto:
    from onnx import TensorProto, helper

    attributes: dict[str, Any] = dict(step.attributes)
    if step.operator == "Cast":
        attributes["to"] = TensorProto.FLOAT
    names = [_named(name, logits) for name in step.inputs]
    constants = [_constant_name(step, i) for i in range(len(step.constants))]
    output = _named(step.output, logits)
    return helper.make_node(step.operator, [*names, *constants], [output], name=step.output, **attributes)


def _named(value: str, logits: str) -> str:
    return "logits" if value == logits else value


def _constant_name(step: Step, index: int) -> str:
    return f"{step.output}.{index}"


def _tensors(step: Step) -> list[onnx.TensorProto]:
    return [_tensor(constant, _constant_name(step, i)) for i, constant in enumerate(step.constants)]


def _tensor(array: NDArray[Any], name: str) -> onnx.TensorProto:
    from onnx import numpy_helper

    kept = array if array.dtype == np.int64 else array.astype(np.float32)
    return numpy_helper.from_array(np.ascontiguousarray(kept).reshape(array.shape), name)

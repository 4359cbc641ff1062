"""The messages of the Open Inference Protocol over gRPC: as classes, and as the values that HTTP's requests have."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from inkdigits.errors import RequestError
from inkdigits.serving.json_limits import MAX_PICTURES
from inkdigits.serving.models import MODEL_VERSION, ModelOutputs
from inkdigits.serving.tensors import ParsedRequest, checked

__all__ = ["PACKAGE", "infer_response", "message_classes", "parse_infer_request"]

PACKAGE = "inference"
_COMPILED = "open_inference.binpb"  # open_inference.proto


@cache
def message_classes() -> Mapping[str, Any]:
    """The class of each message by its name without the package."""
    files = descriptor_pb2.FileDescriptorSet.FromString(Path(__file__).with_name(_COMPILED).read_bytes()).file
    # Not the common pool: Triton's client has messages of the same names, with more fields, in it.
    pool = descriptor_pool.DescriptorPool()
    for file in files:
        pool.AddSerializedFile(file.SerializeToString())
    classes = message_factory.GetMessageClassesForFiles([file.name for file in files], pool)
    return {name.removeprefix(f"{PACKAGE}."): message for name, message in classes.items()}


def parse_infer_request(request: Any, max_pictures: int) -> tuple[ParsedRequest, bool]:
    """What a ModelInferRequest asks, and whether its input is bytes. Raises `RequestError` as `tensors.parse` does."""
    raw = list(request.raw_input_contents)
    if raw and len(raw) != len(request.inputs):
        detail = f"raw_input_contents: expected one of each input, {len(request.inputs)}, got {len(raw)}"
        raise RequestError(400, "protocol", detail)
    sizes: list[int | None] = [len(content) for content in raw] or [None] * len(request.inputs)
    values = {
        "id": request.id or None,
        "inputs": [_input(tensor, size) for tensor, size in zip(request.inputs, sizes, strict=True)],
        "outputs": [
            {"name": output.name, "parameters": dict.fromkeys(output.parameters)} for output in request.outputs
        ],
    }
    return checked(values, raw[0] if raw else b"", max_pictures), bool(raw)


def _input(tensor: Any, binary_size: int | None) -> dict[str, Any]:
    fields: dict[str, Any] = {"name": tensor.name, "datatype": tensor.datatype, "shape": list(tensor.shape)}
    if binary_size is not None:
        fields["parameters"] = {"binary_data_size": binary_size}
    if binary_size is None or tensor.HasField("contents"):
        numbers = tensor.contents.uint_contents
        if len(numbers) > MAX_PICTURES * 784:
            raise RequestError(413, "too-large", f"{tensor.name}: at most {MAX_PICTURES:,} pictures that are no bytes")
        fields["data"] = list(numbers)
    return fields


def infer_response(wanted: ParsedRequest, model: str, outputs: ModelOutputs, binary: bool) -> bytes:
    """A ModelInferResponse with the wanted outputs, as bytes or as numbers."""
    response = message_classes()["ModelInferResponse"](
        model_name=model, model_version=MODEL_VERSION, id=wanted.id or ""
    )
    for name, _ in wanted.outputs:
        values = getattr(outputs, name)
        tensor = response.outputs.add(name=name, datatype="FP32", shape=values.shape)
        if binary:
            response.raw_output_contents.append(values.astype("<f4", copy=False).tobytes())
        else:
            tensor.contents.fp32_contents.extend(values.ravel().tolist())
    content: bytes = response.SerializeToString()
    return content

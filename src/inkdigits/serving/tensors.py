"""The tensors of the Open Inference Protocol V2: JSON and binary, in requests and responses."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from inkdigits.errors import RequestError
from inkdigits.serving.json_limits import check_json
from inkdigits.serving.models import MODEL_VERSION, ModelOutputs, ServedModel
from inkdigits.serving.responses import json_in_parts
from inkdigits.serving.schemas import InferRequest, InputTensor, first_error

__all__ = ["ParsedRequest", "checked", "encode", "off_loop", "parse", "tensor_metadata"]

T = TypeVar("T")
_INPUT = "images"
_OUTPUTS = ("probabilities", "logits")
_LARGE = 64 * 2**10  # bytes that take about a millisecond as JSON
_SIDE = 28
_UNSUPPORTED = frozenset({"classification", "shared_memory_region"})


@dataclass(frozen=True)
class ParsedRequest:
    """A request's pictures, uint8 (n, 28, 28), and the name of each requested output with whether it is binary."""

    id: str | None
    pictures: NDArray[np.uint8]
    outputs: tuple[tuple[str, bool], ...]


def parse(body: bytes, header_length: str | None, max_pictures: int) -> ParsedRequest:
    """The request in `body`, whose JSON part is `header_length` bytes long, the whole body without it.

    Raises `RequestError` 400 for a request that does not follow the protocol, 413 for more than `max_pictures`, or
    than `json_limits.check_json` allows.
    """
    length = _length(header_length, len(body))
    check_json(body[:length])
    try:
        request = InferRequest.model_validate_json(body[:length])
    except ValidationError as error:
        raise _bad(first_error(error, "the request")) from error
    return _parsed(request, body[length:], max_pictures)


def checked(values: Mapping[str, Any], binary: bytes, max_pictures: int) -> ParsedRequest:
    """The request with these fields, and the bytes of its input where it has no `data`. Raises as `parse` does."""
    try:
        request = InferRequest.model_validate(values)
    except ValidationError as error:
        raise _bad(first_error(error, "the request")) from error
    return _parsed(request, binary, max_pictures)


def _parsed(request: InferRequest, binary: bytes, max_pictures: int) -> ParsedRequest:
    tensor = request.inputs[0]
    if tensor.shape[0] > max_pictures:
        raise RequestError(413, "too-large", f"{_INPUT}: at most {max_pictures:,} pictures in one request")
    return ParsedRequest(request.id, _pictures(tensor, binary), _outputs(request))


def _bad(detail: str) -> RequestError:
    return RequestError(400, "protocol", detail)


def _length(header: str | None, size: int) -> int:
    if header is None:
        return size
    if not (header.isascii() and header.isdecimal() and len(header) < 12) or int(header) > size:
        raise _bad(f"Inference-Header-Content-Length: expected a number of at most {size} bytes, the body's")
    return int(header)


def _pictures(tensor: InputTensor, binary: bytes) -> NDArray[np.uint8]:
    expected = tensor.shape[0] * _SIDE * _SIDE
    size = tensor.parameters.binary_data_size
    if size is None:
        if binary:
            raise _bad(f"{len(binary)} bytes after the JSON, but no tensor with binary_data_size")
        return _from_json(tensor.data, tensor.shape)
    if size != expected or len(binary) != expected or "data" in tensor.model_fields_set:
        raise _bad(f"{_INPUT}: expected {expected} bytes of binary data and that binary_data_size, got {len(binary)}")
    return np.frombuffer(binary, np.uint8).reshape(tensor.shape)


def _from_json(data: list[Any] | None, shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    """`data` may be flat or nested as the shape is."""
    wrong = _bad(f"{_INPUT}: expected {shape[0]} x {_SIDE} x {_SIDE} whole numbers from 0 to 255 as data")
    try:
        values = np.array(data)
    except ValueError as error:
        raise wrong from error
    if values.size == 0 and shape[0] == 0:
        return np.zeros(shape, np.uint8)
    if values.dtype.kind not in "iu" or values.shape not in (shape, (shape[0] * _SIDE * _SIDE,)):
        raise wrong
    if values.min() < 0 or values.max() > 255:
        raise wrong
    return values.astype(np.uint8).reshape(shape)


def _outputs(request: InferRequest) -> tuple[tuple[str, bool], ...]:
    """The requested outputs, all of them where none is named."""
    binary = request.parameters.binary_data_output
    for output in request.outputs or []:
        if _UNSUPPORTED & (output.parameters.model_extra or {}).keys():
            raise _bad("outputs: neither classification nor shared memory is supported")
    names = [output.name for output in request.outputs or []]
    if len(set(names)) < len(names):
        raise _bad("outputs: each output can be requested once")
    named = [
        (output.name, binary if output.parameters.binary_data is None else output.parameters.binary_data)
        for output in request.outputs or []
    ]
    return tuple(named or [(name, binary) for name in _OUTPUTS])


def encode(request: ParsedRequest, model: str, outputs: ModelOutputs) -> tuple[bytes, int | None]:
    """The response's body, and the length of its JSON part when binary tensors follow it."""
    tensors, chunks = [], []
    for name, binary in request.outputs:
        values: NDArray[np.float32] = getattr(outputs, name)
        tensor: dict[str, Any] = {"name": name, "datatype": "FP32", "shape": list(values.shape)}
        if binary:
            chunks.append(values.astype("<f4", copy=False).tobytes())
            tensor["parameters"] = {"binary_data_size": len(chunks[-1])}
        else:
            tensor["data"] = values.ravel().tolist()
        tensors.append(tensor)
    response = {"model_name": model, "model_version": MODEL_VERSION, "outputs": tensors}
    if request.id is not None:
        response["id"] = request.id
    head = "".join(json_in_parts(response)).encode()
    return b"".join([head, *chunks]), len(head) if chunks else None


async def off_loop(size: int, function: Callable[..., T], *arguments: Any) -> T:
    """`function(*arguments)`, in a thread where `size` bytes would delay other requests."""
    return await asyncio.to_thread(function, *arguments) if size > _LARGE else function(*arguments)


def tensor_metadata(model: ServedModel) -> dict[str, Any]:
    """The model's name, version and tensors, as `schemas.ModelMetadata`."""
    return {
        "name": model.name,
        "versions": [MODEL_VERSION],
        "platform": "onnxruntime_onnx",
        "inputs": [{"name": _INPUT, "datatype": "UINT8", "shape": [-1, *model.predictor.size]}],
        "outputs": [{"name": name, "datatype": "FP32", "shape": [-1, 10]} for name in _OUTPUTS],
    }

"""The tensors of the Open Inference Protocol V2: JSON and binary, in and out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import RequestError
from inkdigits.serving.models import ModelOutputs

__all__ = ["INPUT", "OUTPUTS", "InferRequest", "encode", "parse"]

INPUT = "images"
OUTPUTS = ("probabilities", "logits")
_SIDE = 28


@dataclass(frozen=True)
class InferRequest:
    """What a client wants: its pictures, uint8 (n, 28, 28), and each output's name with whether it is binary."""

    id: str | None
    pictures: NDArray[np.uint8]
    outputs: tuple[tuple[str, bool], ...]


def parse(body: bytes, header_length: str | None, rows: int) -> InferRequest:
    """The request in `body`, whose JSON part is `header_length` bytes long, the whole body without it.

    Raises `RequestError` 400 for what does not follow the protocol, 413 for more than `rows` pictures.
    """
    length = _length(header_length, len(body))
    request = _json_object(body[:length])
    tensor = _the_input(request)
    shape = _shape(tensor, rows)
    pictures = _pictures(tensor, shape, body[length:])
    name = request.get("id")
    if name is not None and not isinstance(name, str):
        raise _bad("id: expected a string")
    return InferRequest(name, pictures, _outputs(request))


def _bad(detail: str) -> RequestError:
    return RequestError(400, "protocol", detail)


def _length(header: str | None, size: int) -> int:
    if header is None:
        return size
    if not (header.isascii() and header.isdecimal() and len(header) < 12) or int(header) > size:
        raise _bad(f"Inference-Header-Content-Length: expected a number of at most {size} bytes, the body's")
    return int(header)


def _json_object(content: bytes) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise _bad("the request is no JSON: expected an object with inputs") from error
    if not isinstance(value, dict):
        raise _bad("the request is no JSON object: expected one with inputs")
    return value


def _the_input(request: Mapping[str, Any]) -> Mapping[str, Any]:
    inputs = request.get("inputs")
    if not isinstance(inputs, list) or len(inputs) != 1 or not isinstance(inputs[0], dict):
        raise _bad(f"inputs: expected a list of one tensor called {INPUT}")
    tensor: dict[str, Any] = inputs[0]
    if tensor.get("name") != INPUT:
        raise _bad(f"inputs: expected the name {INPUT}")
    if tensor.get("datatype") != "UINT8":
        raise _bad(f"{INPUT}: expected the datatype UINT8, 0 paper to 255 ink")
    return tensor


def _shape(tensor: Mapping[str, Any], rows: int) -> tuple[int, int, int]:
    shape = tensor.get("shape")
    right = isinstance(shape, list) and len(shape) == 3 and all(type(side) is int for side in shape)
    if not right or shape[1:] != [_SIDE, _SIDE] or shape[0] < 0:  # type: ignore[index]
        raise _bad(f"{INPUT}: expected the shape [n, {_SIDE}, {_SIDE}]")
    if shape[0] > rows:  # type: ignore[index]
        raise RequestError(413, "too-large", f"{INPUT}: at most {rows:,} pictures in one request")
    return shape[0], _SIDE, _SIDE  # type: ignore[index]


def _pictures(tensor: Mapping[str, Any], shape: tuple[int, int, int], binary: bytes) -> NDArray[np.uint8]:
    expected = shape[0] * _SIDE * _SIDE
    size = _parameters(tensor).get("binary_data_size")
    if size is None:
        if binary:
            raise _bad(f"{len(binary)} bytes after the JSON, but no tensor with binary_data_size")
        return _from_json(tensor.get("data"), shape)
    if type(size) is not int or size != expected or len(binary) != expected or "data" in tensor:
        raise _bad(f"{INPUT}: expected {expected} bytes of binary data and that binary_data_size, got {len(binary)}")
    return np.frombuffer(binary, np.uint8).reshape(shape)


def _from_json(data: Any, shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Data may be flat or nested as the shape is."""
    wrong = _bad(f"{INPUT}: expected {shape[0]} x {_SIDE} x {_SIDE} whole numbers from 0 to 255 as data")
    try:
        values = np.array(data if isinstance(data, list) else None)
    except ValueError as error:
        raise wrong from error
    if values.size == 0 and shape[0] == 0 and isinstance(data, list):
        return np.zeros(shape, np.uint8)
    if values.dtype.kind not in "iu" or values.shape not in (shape, (shape[0] * _SIDE * _SIDE,)):
        raise wrong
    if values.min() < 0 or values.max() > 255:
        raise wrong
    return values.astype(np.uint8).reshape(shape)


def _parameters(holder: Mapping[str, Any]) -> dict[str, Any]:
    parameters = holder.get("parameters", {})
    if not isinstance(parameters, dict):
        raise _bad("parameters: expected an object")
    return parameters


def _outputs(request: Mapping[str, Any]) -> tuple[tuple[str, bool], ...]:
    """The outputs that were asked for, without a wish all of them."""
    binary = _flag(_parameters(request), "binary_data_output", default=False)
    wanted = request.get("outputs")
    if wanted is None or wanted == []:
        return tuple((name, binary) for name in OUTPUTS)
    if not isinstance(wanted, list) or not all(isinstance(output, dict) for output in wanted):
        raise _bad("outputs: expected a list of objects")
    return tuple(_output(output, binary) for output in wanted)


def _output(output: Mapping[str, Any], binary: bool) -> tuple[str, bool]:
    parameters = _parameters(output)
    if output.get("name") not in OUTPUTS:
        raise _bad(f"outputs: expected the names {' and '.join(OUTPUTS)}")
    if "classification" in parameters or "shared_memory_region" in parameters:
        raise _bad("outputs: neither classification nor shared memory is offered here")
    return output["name"], _flag(parameters, "binary_data", default=binary)


def _flag(parameters: Mapping[str, Any], name: str, *, default: bool) -> bool:
    value = parameters.get(name, default)
    if not isinstance(value, bool):
        raise _bad(f"{name}: expected true or false")
    return value


def encode(request: InferRequest, model: str, answers: ModelOutputs) -> tuple[bytes, int | None]:
    """The answer's body, and how long its JSON part is when binary tensors follow it."""
    described, chunks = [], []
    for name, binary in request.outputs:
        values: NDArray[np.float32] = getattr(answers, name)
        tensor: dict[str, Any] = {"name": name, "datatype": "FP32", "shape": list(values.shape)}
        if binary:
            chunks.append(values.astype("<f4", copy=False).tobytes())
            tensor["parameters"] = {"binary_data_size": len(chunks[-1])}
        else:
            tensor["data"] = values.ravel().tolist()
        described.append(tensor)
    answer = {"model_name": model, "model_version": "1", "outputs": described}
    if request.id is not None:
        answer["id"] = request.id
    head = json.dumps(answer).encode()
    return b"".join([head, *chunks]), len(head) if chunks else None

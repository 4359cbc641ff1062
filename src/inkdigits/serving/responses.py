"""JSON responses, and errors as problem details (RFC 9457) under /v1 and as `{"error": ...}` under /v2."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from inkdigits.errors import RequestError

__all__ = ["busy", "error_response", "internal_error", "json_in_parts", "json_response", "large_json_response"]

_PART = 1000  # numbers, which take less than a millisecond


def json_response(value: Any, status: int = 200) -> Response:
    """`value` as compact JSON. Raises `ValueError` for NaN, which JSON does not have."""
    return Response(json.dumps(value, allow_nan=False, separators=(",", ":")), status, media_type="application/json")


async def large_json_response(value: Any) -> Response:
    """`json_response` of a value that takes milliseconds, written in a thread, in which others have their turns."""
    content = await asyncio.to_thread(lambda: "".join(json_in_parts(value)).encode())
    return Response(content, media_type="application/json")


def json_in_parts(value: Any) -> Iterator[str]:
    """`value` as compact JSON, in parts that are short to write: a thread keeps Python to itself during each.

    Raises `ValueError` for NaN, as `json_response` does.
    """
    if isinstance(value, dict):
        for number, (key, part) in enumerate(value.items()):
            yield f"{',' if number else '{'}{json.dumps(key)}:"
            yield from json_in_parts(part)
        yield "}" if value else "{}"
    elif isinstance(value, list) and any(isinstance(part, (dict, list)) for part in value[:1]):
        for number, part in enumerate(value):
            yield "," if number else "["
            yield from json_in_parts(part)
        yield "]"
    elif isinstance(value, list):
        slices = (value[start : start + _PART] for start in range(0, len(value), _PART))
        yield "["
        for number, few in enumerate(slices):
            yield ("," if number else "") + json.dumps(few, allow_nan=False, separators=(",", ":"))[1:-1]
        yield "]"
    else:
        yield json.dumps(value, allow_nan=False)


def error_response(error: RequestError, path: str) -> Response:
    """`error` in the form that clients of `path` expect."""
    is_v2 = path.startswith("/v2")
    content = {"error": str(error)} if is_v2 else _problem(error)
    media_type = "application/json" if is_v2 else "application/problem+json"
    headers = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="inkdigits"'
    return Response(json.dumps(content), error.status, {**headers, **error.headers}, media_type)


def _problem(error: RequestError) -> dict[str, object]:
    title = HTTPStatus(error.status).phrase
    return {"type": f"urn:inkdigits:{error.kind}", "title": title, "status": error.status, "detail": str(error)}


def busy(reason: str) -> RequestError:
    """503, to be retried after a second."""
    return RequestError(503, "busy", f"{reason}: try again in a second", retry_after=1)


def internal_error() -> RequestError:
    """500 for a bug in the server, which only the log describes."""
    return RequestError(500, "internal", "the server failed; its log says why")

"""What the OpenAPI says of the routes whose requests FastAPI does not take apart itself."""

from __future__ import annotations

from typing import Any

from starlette.responses import PlainTextResponse, Response

from inkdigits.serving import schemas

__all__ = ["CORRECTIONS", "METRICS", "PROBLEMS", "READ", "v2"]

_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


def _problem(description: str) -> dict[str, Any]:
    return {"description": description, "content": _PROBLEM}


PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: _problem("Malformed, or cut off"),
    401: _problem("A token is needed"),
    403: _problem("A page of another site asked"),
    404: _problem("No such thing here"),
    408: _problem("The body took too long"),
    413: _problem("Too large"),
    415: _problem("Not a content type, or a compression, that is understood"),
    421: _problem("Not the name of this server"),
    422: _problem("Understood, but it cannot be done"),
    503: _problem("Busy: try again after the seconds in Retry-After"),
}
_BYTES = {"schema": {"type": "string", "format": "binary"}}
_FORM = {
    "schema": {
        "type": "object",
        "properties": {"picture": {"type": "array", "minItems": 1, "items": {"type": "string", "format": "binary"}}},
        "required": ["picture"],
    }
}
READ: dict[str, Any] = {
    "responses": {
        200: {
            "model": schemas.ReadingAnswer | list[schemas.ReadingAnswer],
            "description": "One reading; for a form, and for a file of several pages, a list of a reading a page",
        }
    },
    "openapi_extra": {
        "parameters": [
            {
                "name": "region",
                "in": "query",
                "description": "Look only there: x,y,width,height in pixels of the upright picture.",
                "schema": {"type": "string", "pattern": "^[0-9]{1,6},[0-9]{1,6},[0-9]{1,6},[0-9]{1,6}$"},
            },
            {
                "name": "length",
                "in": "query",
                "description": "How many digits there are, where that is known.",
                "schema": {"type": "integer", "minimum": 1, "maximum": 1000},
            },
        ],
        "requestBody": {
            "required": True,
            "content": {"image/*": _BYTES, "application/octet-stream": _BYTES, "multipart/form-data": _FORM},
        },
    },
}
CORRECTIONS: dict[str, Any] = {
    "responses": {
        201: {"model": schemas.Correction, "description": "Kept"},
        507: _problem("The folder of corrections is full"),
    }
}
METRICS: dict[str, Any] = {
    "summary": "Numbers for Prometheus",
    "response_class": PlainTextResponse,
    "responses": {200: {"content": {"text/plain": {}}}, 401: PROBLEMS[401], 421: PROBLEMS[421]},
}


_ERROR = {
    "application/json": {
        "schema": {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}
    }
}


def _v2_error(description: str) -> dict[str, Any]:
    return {"description": description, "content": _ERROR}


_V2_ERRORS: dict[int | str, dict[str, Any]] = {
    400: _v2_error("It does not follow the protocol"),
    401: _v2_error("A token is needed"),
    404: _v2_error("No such model"),
    413: _v2_error("Too large"),
    503: _v2_error("Busy: try again after the seconds in Retry-After"),
}
_TENSOR = {
    "type": "object",
    "required": ["name", "datatype", "shape"],
    "properties": {
        "name": {"const": "images"},
        "datatype": {"const": "UINT8"},
        "shape": {
            "type": "array",
            "prefixItems": [{"type": "integer"}, {"const": 28}, {"const": 28}],
            "minItems": 3,
            "maxItems": 3,
        },
        "data": {"type": "array", "description": "Flat or nested, 0 paper to 255 ink."},
        "parameters": {"type": "object", "properties": {"binary_data_size": {"type": "integer", "minimum": 0}}},
    },
}
_INFER = {
    "type": "object",
    "required": ["inputs"],
    "properties": {
        "id": {"type": "string"},
        "inputs": {"type": "array", "minItems": 1, "maxItems": 1, "items": _TENSOR},
        "outputs": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name"],
                "properties": {"name": {"enum": ["probabilities", "logits"]}},
            },
        },
    },
}
_PATH = {
    "model": {"name": "model", "in": "path", "required": True, "schema": {"type": "string"}},
    "version": {"name": "version", "in": "path", "required": True, "schema": {"const": "1"}},
}


def v2(*parameters: str, body: bool = False, empty: bool = False) -> dict[str, Any]:
    """How a route of the Open Inference Protocol is described."""
    extra: dict[str, Any] = {"parameters": [_PATH[name] for name in parameters]}
    if body:
        content = {"application/json": {"schema": _INFER}, "application/octet-stream": _BYTES}
        extra["requestBody"] = {"required": True, "content": content}
    if empty:
        yes: dict[str, Any] = {"description": "Yes; the answer is empty"}
    else:
        yes = {
            "description": "Done",
            "content": {"application/json": {}, **({"application/octet-stream": _BYTES} if body else {})},
        }
    described: dict[str, Any] = {"responses": {200: yes, **_V2_ERRORS}, "openapi_extra": extra}
    return {**described, "response_class": Response} if empty else described

"""What FastAPI cannot see of the routes' types: bodies that are not JSON, and the errors of every route."""

from __future__ import annotations

import functools
import json
from typing import Any

from fastapi import FastAPI, Response
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from inkdigits.serving.schemas import InferRequest, Problem, ProtocolError, ReadQuery

__all__ = ["INFER_BODY", "PROBLEMS", "PROTOCOL_ERRORS", "READ_REQUEST", "add_openapi_route", "problem"]

Responses = dict[int | str, dict[str, Any]]
_TYPES = (InferRequest, Problem, ProtocolError)
_REFERENCE = "#/components/schemas/{model}"
_BYTES = {"schema": {"type": "string", "format": "binary"}}


def _content(media_type: str, model: type[BaseModel]) -> dict[str, Any]:
    return {media_type: {"schema": {"$ref": _REFERENCE.format(model=model.__name__)}}}


def problem(description: str) -> dict[str, Any]:
    """A response with the type `Problem`."""
    return {"description": description, "content": _content("application/problem+json", Problem)}


def _protocol_error(description: str) -> dict[str, Any]:
    return {"description": description, "content": _content("application/json", ProtocolError)}


PROBLEMS: Responses = {
    400: problem("Malformed or truncated"),
    401: problem("A token is needed"),
    403: problem("Sent by a page of another site"),
    404: problem("Not found"),
    408: problem("The body took too long to arrive"),
    413: problem("Too large"),
    415: problem("Unsupported content type or compression"),
    421: problem("Not the name of this server"),
    422: problem("Well-formed, but not valid"),
    503: problem("Busy: try again after the seconds in Retry-After"),
}
PROTOCOL_ERRORS: Responses = {
    400: _protocol_error("Does not follow the protocol"),
    401: _protocol_error("A token is needed"),
    404: _protocol_error("No such model"),
    413: _protocol_error("Too large"),
    503: _protocol_error("Busy: try again after the seconds in Retry-After"),
}
_FORM = {
    "type": "object",
    "properties": {"picture": {"type": "array", "minItems": 1, "items": _BYTES["schema"]}},
    "required": ["picture"],
}


def _query_parameters(model: type[BaseModel]) -> list[dict[str, Any]]:
    """The fields of `model`, all optional, as parameters of the query."""
    fields = model.model_json_schema()["properties"]
    return [
        {
            "name": name,
            "in": "query",
            "description": field["description"],
            "schema": {key: value for key, value in field.items() if key not in ("default", "description", "title")},
        }
        for name, field in fields.items()
    ]


READ_REQUEST: dict[str, Any] = {
    "parameters": _query_parameters(ReadQuery),
    "requestBody": {
        "required": True,
        "content": {"image/*": _BYTES, "application/octet-stream": _BYTES, "multipart/form-data": {"schema": _FORM}},
    },
}
INFER_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {**_content("application/json", InferRequest), "application/octet-stream": _BYTES},
    }
}


def add_openapi_route(app: FastAPI) -> None:
    """Serve the description of all routes of `app`, written when it is first asked for."""

    @functools.cache
    def document() -> bytes:
        return json.dumps(_with_all_types(app.openapi()), separators=(",", ":")).encode()

    @app.get("/openapi.json", include_in_schema=False)
    async def openapi() -> Response:
        return Response(document(), media_type="application/json")


def _with_all_types(document: dict[str, Any]) -> dict[str, Any]:
    """`document` with the types above, and without FastAPI's own errors, which are not returned."""
    schemas = document["components"]["schemas"]
    _, more = models_json_schema([(model, "validation") for model in _TYPES], ref_template=_REFERENCE)
    schemas.update(more["$defs"])
    for operation in (operation for path in document["paths"].values() for operation in path.values()):
        if "HTTPValidationError" in str(operation["responses"].get("422")):
            del operation["responses"]["422"]
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    return document

"""The Open Inference Protocol V2 under /v2, as Triton's and KServe's clients speak it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from inkdigits.errors import RequestError
from inkdigits.serving.answers import json_response
from inkdigits.serving.documents import v2
from inkdigits.serving.models import Models, ServedModel
from inkdigits.serving.settings import ServerLimits
from inkdigits.serving.tensors import INPUT, OUTPUTS, encode, parse

__all__ = ["router"]

_VERSION = "1"  # the only one of each model
_JSON_LENGTH = "inference-header-content-length"


def router(models: Models, limits: ServerLimits) -> APIRouter:
    """The routes of the protocol over `models`."""
    routes = APIRouter(prefix="/v2", tags=["Open Inference Protocol V2"])

    async def model_metadata(request: Request) -> Response:
        return json_response(_metadata(_model(models, request)))

    async def model_ready(request: Request) -> Response:
        _model(models, request)
        return Response()

    async def infer(request: Request) -> Response:
        model = _model(models, request)
        wanted = parse(await request.body(), request.headers.get(_JSON_LENGTH), limits.rows)
        content, length = encode(wanted, model.name, await model.predict(wanted.pictures))
        if length is None:
            return Response(content, media_type="application/json")
        return Response(content, headers={_JSON_LENGTH: str(length)}, media_type="application/octet-stream")

    _add_server(routes)
    for path, names in (("/models/{model}", ["model"]), ("/models/{model}/versions/{version}", ["model", "version"])):
        described = v2(*names)
        routes.add_api_route(path, model_metadata, methods=["GET"], summary="A model's tensors", **described)
        routes.add_api_route(
            f"{path}/ready", model_ready, methods=["GET"], summary="Is a model ready?", **v2(*names, empty=True)
        )
        routes.add_api_route(f"{path}/infer", infer, methods=["POST"], summary="Classify", **v2(*names, body=True))
    return routes


def _add_server(routes: APIRouter) -> None:
    """What is told of the server itself."""

    @routes.get("", summary="The server", **v2())
    async def server() -> Response:
        return json_response({"name": "inkdigits", "version": _VERSION, "extensions": ["binary_tensor_data"]})

    @routes.get("/health/live", summary="Is it alive?", **v2(empty=True))
    async def live() -> Response:
        return Response()

    @routes.get("/health/ready", summary="May requests come?", **v2(empty=True))
    async def ready(request: Request) -> Response:
        return Response(status_code=503 if request.app.state.draining else 200)


def _model(models: Models, request: Request) -> ServedModel:
    """The model in the path. Raises `RequestError` 404 for an unknown one, or another version."""
    version = request.path_params.get("version", _VERSION)
    model = models.get(request.path_params["model"])
    if version != _VERSION:
        raise RequestError(404, "version", f"no such version of {model.name}: the only one is {_VERSION}")
    return model


def _metadata(model: ServedModel) -> dict[str, Any]:
    return {
        "name": model.name,
        "versions": [_VERSION],
        "platform": "onnxruntime_onnx",
        "inputs": [{"name": INPUT, "datatype": "UINT8", "shape": [-1, *model.predictor.size]}],
        "outputs": [{"name": name, "datatype": "FP32", "shape": [-1, 10]} for name in OUTPUTS],
    }

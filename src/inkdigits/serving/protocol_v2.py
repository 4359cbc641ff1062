"""The routes of the Open Inference Protocol V2 under /v2, for the clients of Triton and KServe."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response

from inkdigits.serving import schemas
from inkdigits.serving.models import MODEL_VERSION, Models, ServedModel
from inkdigits.serving.openapi import INFER_BODY, PROTOCOL_ERRORS
from inkdigits.serving.responses import json_response
from inkdigits.serving.settings import ServerLimits
from inkdigits.serving.tensors import encode, off_loop, parse, tensor_metadata

__all__ = ["router"]

_BYTES_A_ROW = 400  # of an answer, as JSON
_EXTENSIONS = ("binary_tensor_data", "model_repository", "statistics")
_JSON_LENGTH = "inference-header-content-length"
_BINARY = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}


def router(models: Models, limits: ServerLimits) -> APIRouter:
    """The routes of the protocol over `models`."""
    routes = APIRouter(prefix="/v2", tags=["Open Inference Protocol V2"], responses=PROTOCOL_ERRORS)

    async def named(model: str) -> ServedModel:
        return models.get(model)

    async def versioned(
        model: str, version: Annotated[str, Path(json_schema_extra={"const": MODEL_VERSION})]
    ) -> ServedModel:
        return models.get(model, version)

    _add_server_routes(routes)
    _add_repository_routes(routes, models)
    _add_model_routes(routes, "/models/{model}", Depends(named), limits)
    _add_model_routes(routes, "/models/{model}/versions/{version}", Depends(versioned), limits)
    return routes


def _add_server_routes(routes: APIRouter) -> None:
    @routes.get("", summary="The server", responses={200: {"model": schemas.ServerMetadata}})
    async def server() -> Response:
        return json_response({"name": "inkdigits", "version": MODEL_VERSION, "extensions": list(_EXTENSIONS)})

    @routes.get("/health/live", summary="Is it alive?", responses={200: {"model": schemas.Live}})
    async def live() -> Response:
        return json_response({"live": True})

    @routes.get("/health/ready", summary="May requests come?", responses={200: {"model": schemas.Ready}})
    async def ready(request: Request) -> Response:
        draining = request.app.state.draining
        return json_response({"ready": not draining}, 503 if draining else 200)


def _add_repository_routes(routes: APIRouter, models: Models) -> None:
    """The extensions of the protocol that list the models; they cannot be loaded or unloaded by requests."""

    @routes.post("/repository/index", summary="The models", responses={200: {"model": schemas.RepositoryIndex}})
    async def index() -> Response:
        entry = {"version": MODEL_VERSION, "state": "READY", "reason": ""}
        return json_response([{"name": name, **entry} for name in models.by_name])

    @routes.get("/models/stats", summary="All models' statistics", responses={200: {"model": schemas.ModelStatistics}})
    async def statistics() -> Response:
        return json_response({"model_stats": [_statistics(model) for model in models.by_name.values()]})


def _add_model_routes(routes: APIRouter, path: str, in_path: Any, limits: ServerLimits) -> None:
    """The routes of the model that the dependency `in_path` finds by the path's parameters."""

    @routes.get(path, summary="A model's tensors", responses={200: {"model": schemas.ModelMetadata}})
    async def metadata(model: ServedModel = in_path) -> Response:
        return json_response(tensor_metadata(model))

    @routes.get(f"{path}/stats", summary="A model's statistics", responses={200: {"model": schemas.ModelStatistics}})
    async def statistics(model: ServedModel = in_path) -> Response:
        return json_response({"model_stats": [_statistics(model)]})

    @routes.get(f"{path}/ready", summary="Is a model ready?", responses={200: {"model": schemas.ModelReady}})
    async def ready(model: ServedModel = in_path) -> Response:
        return json_response({"name": model.name, "ready": True})

    @routes.post(
        f"{path}/infer",
        summary="Classify",
        responses={200: {"model": schemas.InferResponse, "content": _BINARY}},
        openapi_extra=INFER_BODY,
    )
    async def infer(request: Request, model: ServedModel = in_path) -> Response:
        body = await request.body()
        length_of_json = request.headers.get(_JSON_LENGTH)
        wanted = await off_loop(len(body), parse, body, length_of_json, limits.rows)
        outputs = await model.predict(wanted.pictures)
        content, length = await off_loop(_BYTES_A_ROW * len(wanted.pictures), encode, wanted, model.name, outputs)
        if length is None:
            return Response(content, media_type="application/json")
        return Response(content, headers={_JSON_LENGTH: str(length)}, media_type="application/octet-stream")


def _statistics(model: ServedModel) -> dict[str, Any]:
    """Since this worker was started; times in nanoseconds, as the extension has them."""
    done = model.batcher.totals
    return {
        "name": model.name,
        "version": MODEL_VERSION,
        "last_inference": round(1000 * done.last),
        "inference_count": done.pictures,
        "execution_count": done.batches,
        "inference_stats": {
            "success": {"count": done.requests, "ns": round(1e9 * (done.waited + done.computed))},
            "fail": {"count": done.failed, "ns": 0},
            "queue": {"count": done.requests, "ns": round(1e9 * done.waited)},
            "compute_input": {"count": done.requests, "ns": 0},
            "compute_infer": {"count": done.requests, "ns": round(1e9 * done.computed)},
            "compute_output": {"count": done.requests, "ns": 0},
        },
        "batch_stats": [],
    }

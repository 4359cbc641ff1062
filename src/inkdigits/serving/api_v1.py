"""The routes under /v1: read, classify, models, corrections."""

from __future__ import annotations

import asyncio

import numpy as np
from fastapi import APIRouter, Request, Response

from inkdigits.errors import RequestError
from inkdigits.serving import schemas
from inkdigits.serving.classify_route import classify
from inkdigits.serving.corrections import Corrections
from inkdigits.serving.json_limits import LimitedRoute
from inkdigits.serving.metrics import CORRECTIONS
from inkdigits.serving.models import Models
from inkdigits.serving.openapi import PROBLEMS, READ_REQUEST, problem
from inkdigits.serving.picture_batchers import PictureBatchers
from inkdigits.serving.read_route import read_pictures
from inkdigits.serving.responses import json_response, large_json_response
from inkdigits.serving.settings import ServerLimits

__all__ = ["router"]


def router(
    models: Models, batchers: PictureBatchers, corrections: Corrections | None, limits: ServerLimits
) -> APIRouter:
    """The routes over the loaded models; without `corrections`, corrections are refused."""
    routes = APIRouter(prefix="/v1", tags=["inkdigits"], responses=PROBLEMS, route_class=LimitedRoute)

    @routes.post(
        "/read",
        summary="Read pictures of digits",
        responses={200: {"model": schemas.Readings}},
        openapi_extra=READ_REQUEST,
    )
    async def read(request: Request) -> Response:
        return await read_pictures(request, batchers, limits)

    @routes.post("/classify", summary="Classify 28x28 pictures", responses={200: {"model": schemas.Classification}})
    async def classify_arrays(wanted: schemas.ClassifyRequest) -> Response:
        return await large_json_response(await classify(models, wanted))

    @routes.get("/models", summary="The served models", responses={200: {"model": schemas.ModelList}})
    async def list_models() -> Response:
        served = [model.describe() for model in models.by_name.values()]
        return json_response({"default": models.default, "corrections": corrections is not None, "models": served})

    @routes.post(
        "/corrections",
        summary="Keep a correction",
        status_code=201,
        responses={201: {"model": schemas.Correction}, 507: problem("The folder of corrections is full")},
    )
    async def correct(wanted: schemas.CorrectionRequest) -> Response:
        if corrections is None:
            raise RequestError(404, "corrections", "no corrections are kept here: serve with --corrections DIR")
        picture = np.array(wanted.image, np.uint8)
        file = await asyncio.to_thread(corrections.keep, picture, wanted.label)
        CORRECTIONS.inc()
        return json_response({"file": file}, 201)

    return routes

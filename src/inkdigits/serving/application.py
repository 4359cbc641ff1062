"""The whole application: what is loaded, the routes over it, and the gate before them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from inkdigits.errors import RequestError
from inkdigits.serving import api_v1, documents, protocol_v2, schemas
from inkdigits.serving.body import Bodies
from inkdigits.serving.corrections import Corrections
from inkdigits.serving.metrics import CONTENT_TYPE, exposition
from inkdigits.serving.middleware import ServiceMiddleware
from inkdigits.serving.models import load_models
from inkdigits.serving.picture_batchers import PictureBatchers
from inkdigits.serving.problems import internal, problem_response
from inkdigits.serving.settings import Settings
from inkdigits.serving.static import Files

__all__ = ["build_app"]


def build_app(settings: Settings) -> ServiceMiddleware:
    """The ASGI application, loaded and warm. Raises `ModelFileError`, `ServingError` or `OutputError`."""
    limits = settings.limits
    models = load_models(settings.models, limits)
    batchers = PictureBatchers(models.by_name[models.default].predictor, limits)
    corrections = None if settings.corrections is None else Corrections(settings.corrections, limits)
    if corrections:
        corrections.prepare()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        batchers.close()
        models.close()

    app = FastAPI(
        title="inkdigits",
        version="1",
        description="Reads handwritten digits.",
        docs_url=None,
        redoc_url=None,
        servers=[{"url": settings.prefix}] if settings.prefix else None,
        lifespan=lifespan,
    )
    app.state.draining = False
    app.include_router(api_v1.router(models, batchers, corrections, limits))
    app.include_router(protocol_v2.router(models, limits))
    _add_metrics(app)
    _add_page(app)
    _add_error_handlers(app)
    app.openapi = _with_problem(app.openapi)  # type: ignore[method-assign]
    return ServiceMiddleware(app, settings, Bodies(limits))


def _add_metrics(app: FastAPI) -> None:
    @app.get("/metrics", **documents.METRICS)
    async def metrics() -> Response:
        return Response(exposition(), headers={"content-type": CONTENT_TYPE})


def _add_page(app: FastAPI) -> None:
    files = Files()

    @app.get("/", include_in_schema=False)
    async def page(request: Request) -> Response:
        return files.answer(request, "index.html")

    @app.get("/docs", include_in_schema=False)
    async def docs(request: Request) -> Response:
        return files.answer(request, "docs.html")

    @app.get("/favicon.ico", include_in_schema=False)
    async def icon(request: Request) -> Response:
        return files.answer(request, "icon.svg")

    @app.get("/page/{name}", include_in_schema=False)
    async def part(request: Request, name: str) -> Response:
        return files.answer(request, name)


def _add_error_handlers(app: FastAPI) -> None:
    """Tell every error in the one form that `problems` gives it."""

    @app.exception_handler(RequestError)
    async def refused(request: Request, error: RequestError) -> Response:
        return problem_response(error, request.url.path)

    @app.exception_handler(HTTPException)
    async def by_status(request: Request, error: HTTPException) -> Response:
        known = {404: "there is nothing at this address", 405: "not with this method: Allow says with which"}
        detail = known.get(error.status_code, str(error.detail))
        told = RequestError(error.status_code, "http", detail, headers=error.headers)
        return problem_response(told, request.url.path)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"][1:]) or "the body"
        return problem_response(RequestError(422, "invalid", f"{place}: {first['msg']}"), request.url.path)

    @app.exception_handler(Exception)
    async def defect(request: Request, _: Exception) -> Response:
        return problem_response(internal(), request.url.path)


def _with_problem(openapi: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
    """The OpenAPI with the problem type, and without the errors that FastAPI would give but we do not."""

    def described() -> dict[str, Any]:
        document = openapi()
        named = document["components"]["schemas"]
        named.setdefault("Problem", json.loads(json.dumps(schemas.Problem.model_json_schema())))
        for unused in ("HTTPValidationError", "ValidationError"):
            named.pop(unused, None)
        return document

    return described

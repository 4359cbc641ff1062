"""The whole application: the loaded models, the routes over them, and the middleware around the routes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse

from inkdigits.errors import RequestError
from inkdigits.serving import api_v1, protocol_v2
from inkdigits.serving.body import BodyReceiver
from inkdigits.serving.corrections import Corrections
from inkdigits.serving.current_token import CurrentToken
from inkdigits.serving.metrics import CONTENT_TYPE, exposition
from inkdigits.serving.middleware import ServiceMiddleware
from inkdigits.serving.models import Models, load_models
from inkdigits.serving.openapi import PROBLEMS, add_openapi_route
from inkdigits.serving.page_files import add_page_routes
from inkdigits.serving.picture_batchers import PictureBatchers
from inkdigits.serving.responses import error_response, internal_error
from inkdigits.serving.settings import Settings

__all__ = ["build_app"]

_HTTP_ERRORS = {
    404: "there is nothing at this address",
    405: "method not allowed: the header Allow names those that are",
}


def build_app(settings: Settings) -> ServiceMiddleware:
    """The ASGI application, loaded and warm. Raises `ModelFileError`, `ServingError` or `OutputError`."""
    limits = settings.limits
    models = load_models(settings.models, limits)
    batchers = PictureBatchers(models.by_name[models.default].predictor, limits)
    corrections = None if settings.corrections is None else Corrections(settings.corrections, limits)
    if corrections:
        corrections.prepare()
    app = _application(settings, models, batchers)
    app.include_router(api_v1.router(models, batchers, corrections, limits))
    app.include_router(protocol_v2.router(models, limits))
    _add_metrics_route(app)
    add_page_routes(app, settings.site)
    _add_error_handlers(app)
    add_openapi_route(app)
    return ServiceMiddleware(app, settings, BodyReceiver(limits), CurrentToken(settings))


def _application(settings: Settings, models: Models, batchers: PictureBatchers) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        batchers.close()
        models.close()

    app = FastAPI(
        title="inkdigits",
        version="1",
        description="Reads handwritten digits.",
        openapi_url=None,  # FastAPI would write it anew for each request
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # its redirects know neither the prefix nor the scheme behind a proxy
        servers=[{"url": settings.prefix}] if settings.prefix else None,
        lifespan=lifespan,
    )
    app.state.draining = False
    return app


def _add_metrics_route(app: FastAPI) -> None:
    @app.get(
        "/metrics",
        summary="Metrics for Prometheus",
        response_class=PlainTextResponse,
        responses={401: PROBLEMS[401], 421: PROBLEMS[421]},
    )
    async def metrics() -> Response:
        return Response(exposition(), headers={"content-type": CONTENT_TYPE})


def _add_error_handlers(app: FastAPI) -> None:
    """Return every error in the forms of `responses.error_response`."""

    @app.exception_handler(RequestError)
    async def request_error(request: Request, error: RequestError) -> Response:
        return error_response(error, request.url.path)

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> Response:
        detail = _HTTP_ERRORS.get(error.status_code, str(error.detail))
        headers = dict(error.headers or {})
        if headers.get("Allow") == "GET":
            headers["Allow"] = "GET, HEAD"  # the middleware answers it
        return error_response(RequestError(error.status_code, "http", detail, headers=headers), request.url.path)

    @app.exception_handler(RequestValidationError)
    async def validation_error(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"][1:]) or "the body"
        return error_response(RequestError(422, "invalid", f"{place}: {first['msg']}"), request.url.path)

    @app.exception_handler(Exception)
    async def exception(request: Request, _: Exception) -> Response:
        return error_response(internal_error(), request.url.path)

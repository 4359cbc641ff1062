"""The whole application: the loaded models, the routes over them, and the middleware around the routes."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext

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

# For calls over gRPC when HTTP has taken all of the time in which a server stops.
_LAST_SECONDS = 1.0
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
    bodies, token = BodyReceiver(limits), CurrentToken(settings)
    app = _application(settings, models, batchers)
    app.state.grpc = _grpc(app, settings, models, bodies, token)
    app.include_router(api_v1.router(models, batchers, corrections, limits))
    app.include_router(protocol_v2.router(models, limits))
    _add_metrics_route(app)
    add_page_routes(app, settings.site)
    _add_error_handlers(app)
    add_openapi_route(app)
    return ServiceMiddleware(app, settings, bodies, token)


def _application(settings: Settings, models: Models, batchers: PictureBatchers) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with app.state.grpc:
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
    app.state.draining, app.state.stops_at = False, 0.0
    return app


def _grpc(
    app: FastAPI, settings: Settings, models: Models, bodies: BodyReceiver, token: Callable[[], str | None]
) -> AbstractAsyncContextManager[None]:
    """What answers gRPC while it is entered; nothing where no port is set for it."""
    if settings.grpc_port is None:
        return nullcontext()
    from inkdigits.serving.grpc_server import serving_grpc
    from inkdigits.serving.grpc_service import GrpcService

    service = GrpcService(models, settings, bodies, token, lambda: not app.state.draining)
    return serving_grpc(service, lambda: max(_LAST_SECONDS, app.state.stops_at - time.monotonic()))


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

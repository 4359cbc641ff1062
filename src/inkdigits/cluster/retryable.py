"""Answers 503 with Retry-After when a replica dies with a request, for which Ray Serve's proxy would answer 500.

Reading a picture changes nothing, so the client may simply retry. The proxies import this module by the name that
`deploy` puts into their environment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inkdigits.errors import RequestError

if TYPE_CHECKING:
    from starlette.middleware import Middleware
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["ENVIRONMENT", "RetryWhenLost", "middlewares"]

# The environment variable by which Ray Serve's proxies find this module.
ENVIRONMENT = {"RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH": "inkdigits.cluster.retryable.middlewares"}


def middlewares() -> list[Middleware]:
    """The middleware of a proxy."""
    from starlette.middleware import Middleware

    return [Middleware(RetryWhenLost)]


class RetryWhenLost:
    """Responds in place of a proxy that ends a request without a response; one that had begun stays truncated."""

    def __init__(self, app: ASGIApp) -> None:
        self._proxy = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, and answer 503 when nothing was sent."""
        started = False

        async def send_and_note(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        await self._proxy(scope, receive, send_and_note)
        if scope["type"] == "http" and not started:
            await _lost(scope["path"])(scope, receive, send)


def _lost(path: str) -> ASGIApp:
    from inkdigits.serving.responses import error_response

    detail = "the server process died during the request: try again in a second"
    return error_response(RequestError(503, "lost", detail, retry_after=1), path)

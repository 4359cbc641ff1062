"""A request that died with its replica is answered 503 with Retry-After, where Ray Serve's proxy would answer 500.

Reading a picture changes nothing, so whoever gets it may simply ask again. The proxies load this by its name, which
`deploy` puts into their environment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inkdigits.errors import RequestError

if TYPE_CHECKING:
    from starlette.middleware import Middleware
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["ENVIRONMENT", "RetryWhenLost", "middlewares"]

# What the processes of Ray Serve's proxies must find in their environment.
ENVIRONMENT = {"RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH": "inkdigits.cluster.retryable.middlewares"}


def middlewares() -> list[Middleware]:
    """What a proxy puts around itself."""
    from starlette.middleware import Middleware

    return [Middleware(RetryWhenLost)]


class RetryWhenLost:
    """Answers in place of a proxy that ends a request without a word; an answer that had begun is cut off."""

    def __init__(self, app: ASGIApp) -> None:
        self._proxy = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, and tell the client to come back when nothing came of it."""
        answered = False

        async def watched(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        await self._proxy(scope, receive, watched)
        if scope["type"] == "http" and not answered:
            await _lost(scope["path"])(scope, receive, send)


def _lost(path: str) -> ASGIApp:
    from inkdigits.serving.problems import problem_response

    detail = "the process that was to answer is gone: try again in a second"
    return problem_response(RequestError(503, "lost", detail, retry_after=1), path)

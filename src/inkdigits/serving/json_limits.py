"""What JSON in a request may hold, counted before it is parsed: parsers make an object of 50 bytes of each three."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from inkdigits.errors import RequestError

__all__ = ["MAX_PICTURES", "LimitedRoute", "check_json"]

MAX_PICTURES = 1000  # as JSON, in one request
_BYTES = 16 * 2**20  # 1,000 pictures, each number on a line of its own
# How often each may occur: numbers, rows, and names of models, outputs and parameters.
_MOST = {b",": MAX_PICTURES * 784 + 10_000, b"[": MAX_PICTURES * 29 + 10_000, b"{": 10_000, b'"': 10_000}


def check_json(content: bytes) -> None:
    """Raise `RequestError` 413 for JSON that is larger than any request needs."""
    if len(content) > _BYTES or any(content.count(part) > most for part, most in _MOST.items()):
        most = f"{MAX_PICTURES:,} pictures of 28 x 28 numbers, in {_BYTES:,} bytes"
        raise RequestError(413, "too-large", f"the JSON is too large: at most {most}")


class LimitedRoute(APIRoute):
    """A route whose JSON is checked by `check_json` before it is parsed."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's, after the check."""
        handler = super().get_route_handler()
        if self.body_field is None:
            return handler

        async def checked(request: Request) -> Response:
            check_json(await request.body())
            return await handler(request)

        return checked

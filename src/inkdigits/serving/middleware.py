"""The layer that every request passes: access, limits, security headers, metrics and the log, around the routes."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from starlette.responses import RedirectResponse
from starlette.types import Message, Receive, Scope, Send

from inkdigits.errors import RequestError
from inkdigits.serving.access import check_access
from inkdigits.serving.access_log import failed, record
from inkdigits.serving.body import Bodies
from inkdigits.serving.problems import internal, problem_response
from inkdigits.serving.settings import Settings

__all__ = ["ServiceMiddleware"]

_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_SECURITY = [
    (b"content-security-policy", _CSP.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"geolocation=(), microphone=(), payment=(), usb=()"),
]
_NO_STORE = (b"cache-control", b"no-store")


@dataclass
class ServiceMiddleware:
    """`routes` behind everything that is the same for all of them."""

    routes: FastAPI
    settings: Settings
    bodies: Bodies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; every other kind of scope goes straight through."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.routes(scope, receive, send)
            return
        started = time.perf_counter()
        answer = _Answer(send)
        try:
            if scope["path"] == self.settings.prefix:
                # The page's addresses are relative, so its own must end in a slash.
                await RedirectResponse(f"{self.settings.prefix}/")(scope, receive, answer)
                return
            scope["path"] = _without_prefix(scope["path"], self.settings.prefix)
            await self._answer(scope, receive, answer)
        except RequestError as error:
            await _tell(error, scope, receive, answer)
        except Exception as error:  # the log learns what happened, the client only that something did
            failed(scope, error)
            await _tell(internal(), scope, receive, answer)
        finally:
            record(scope, answer.status, time.perf_counter() - started, self.settings.access_log)

    def stop_being_ready(self) -> None:
        """Tell who watches /v2/health/ready that no new requests should come."""
        self.routes.state.draining = True

    async def _answer(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        check_access(self.settings, scope["method"], scope["path"], headers)
        if scope["method"] in ("GET", "HEAD"):
            await self.routes(scope, receive, answer)
            return
        async with self.bodies.received(receive, headers) as body:
            await self.routes(scope, _after(body, receive), answer)


def _without_prefix(path: str, prefix: str) -> str:
    """The path as the routes know it, whether a proxy took the prefix away or not."""
    return path[len(prefix) :] if prefix and path.startswith(f"{prefix}/") else path


def _after(body: bytes, receive: Receive) -> Receive:
    """Gives the body that was received, then whatever comes after it: that the client has gone."""
    messages = iter(({"type": "http.request", "body": body, "more_body": False},))

    async def next_message() -> Message:
        for message in messages:
            return message
        return await receive()

    return next_message


async def _tell(error: RequestError, scope: Scope, receive: Receive, answer: _Answer) -> None:
    if answer.status is None:
        await problem_response(error, scope["path"])(scope, receive, answer)


@dataclass
class _Answer:
    """Sends an answer on, with the security headers, and remembers its status."""

    send: Send
    status: int | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = _with_security(message.get("headers", []))
        await self.send(message)


def _with_security(headers: Any) -> list[tuple[bytes, bytes]]:
    cached = any(name == b"cache-control" for name, _ in headers)
    return [*headers, *_SECURITY] if cached else [*headers, *_SECURITY, _NO_STORE]

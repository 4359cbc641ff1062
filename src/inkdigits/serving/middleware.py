"""The ASGI middleware around all routes: access, limits, security headers, metrics and the access log."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from starlette.responses import RedirectResponse
from starlette.types import Message, Receive, Scope, Send

from inkdigits.errors import RequestError
from inkdigits.serving.access import check_access
from inkdigits.serving.access_log import log_exception, record_request
from inkdigits.serving.body import BodyReceiver
from inkdigits.serving.metrics import IN_PROGRESS
from inkdigits.serving.request_ids import RequestIds, request_ids
from inkdigits.serving.responses import error_response, internal_error
from inkdigits.serving.settings import Settings

__all__ = ["ServiceMiddleware"]

_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_SECURITY_HEADERS = [
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
    """Checks each request before `app`, and completes and records each response."""

    app: FastAPI
    settings: Settings
    bodies: BodyReceiver
    token: Callable[[], str | None]

    @property
    def is_ready(self) -> bool:
        """Whether new requests are welcome: what /v2/health/ready answers."""
        return not self.app.state.draining

    def start_draining(self) -> None:
        """Have /v2/health/ready answer 503, so that load balancers send no new requests."""
        self.app.state.draining = True
        self.app.state.stops_at = time.monotonic() + self.settings.limits.shutdown_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request; lifespan events go straight to the application."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        if scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}  # the server sends the headers of the answer only
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        ids = request_ids(headers)
        sender = _ResponseSender(send, ids, closes=_has_body(headers) or not self.is_ready)
        IN_PROGRESS.inc()
        try:
            await self._respond(scope, headers, receive, sender)
        except RequestError as error:
            await _send_error(error, scope, receive, sender)
        except Exception as error:  # clients learn only that there was one
            log_exception(scope, error, ids.fields())
            await _send_error(internal_error(), scope, receive, sender)
        finally:
            IN_PROGRESS.dec()
            log = ids.fields() if self.settings.access_log else None
            record_request(scope, sender.status, time.perf_counter() - started, log)

    async def _respond(
        self, scope: Scope, headers: Mapping[str, str], receive: Receive, sender: _ResponseSender
    ) -> None:
        prefix = self.settings.prefix
        if scope["path"] == prefix:
            # The addresses in the page are relative, so the page's own must end in a slash.
            await RedirectResponse(f"{prefix}/")(scope, receive, sender)
            return
        # A proxy may have removed the prefix or not.
        if prefix and scope["path"].startswith(f"{prefix}/"):
            scope["path"] = scope["path"][len(prefix) :]
        check_access(self.settings, self.token(), scope, headers)
        if scope["method"] == "GET":
            await self.app(scope, receive, sender)
            return
        async with self.bodies.received(receive, headers) as body:
            sender.closes = not self.is_ready
            await self.app(scope, _replay(body, receive), sender)


def _has_body(headers: Mapping[str, str]) -> bool:
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


def _replay(body: bytes, receive: Receive) -> Receive:
    """Gives the body that was received, then what comes after it: that the client disconnected."""
    messages = iter(({"type": "http.request", "body": body, "more_body": False},))

    async def next_message() -> Message:
        for message in messages:
            return message
        return await receive()

    return next_message


async def _send_error(error: RequestError, scope: Scope, receive: Receive, sender: _ResponseSender) -> None:
    if sender.status is None:
        await error_response(error, scope["path"])(scope, receive, sender)


@dataclass
class _ResponseSender:
    """Sends a response with the security headers, and remembers its status."""

    send: Send
    ids: RequestIds
    closes: bool  # the connection after the response: its request is not received yet, or the server stops
    status: int | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*_with_security(message.get("headers", [])), *self.ids.headers()]
            if self.closes:
                message["headers"].append((b"connection", b"close"))
        await self.send(message)


def _with_security(headers: Any) -> list[tuple[bytes, bytes]]:
    own = {name for name, _ in headers}
    return [*headers, *(header for header in (*_SECURITY_HEADERS, _NO_STORE) if header[0] not in own)]

"""Closes connections whose request headers are too slow or too large, and the oldest idle ones above a maximum.

uvicorn limits neither the time and size of a request's headers nor the number of open connections.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from inkdigits.serving.settings import ServerLimits

__all__ = ["make_protocol"]

# The connections whose request headers are not complete, the one that has waited longest first.
_AwaitingHeaders = dict["_Connection", None]


class _Connection(HttpToolsProtocol):
    """uvicorn's connection, with a time limit and a size limit for a request's headers."""

    limits: ServerLimits
    awaiting_headers: _AwaitingHeaders
    max_open: int
    header_bytes = 0
    timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._start_timer()
        if len(self.connections) > self.max_open:
            # The one that has waited longest for a request; this one when all others have a request.
            next(iter(self.awaiting_headers), self).transport.abort()

    def data_received(self, data: bytes) -> None:
        if self.timer is not None:
            self.header_bytes += len(data)
            if self.header_bytes > self.limits.header and not self._headers_end_in(data):
                self.transport.abort()
                return
        super().data_received(data)

    def _headers_end_in(self, data: bytes) -> bool:
        """Whether the headers end within `data`, and within their limit: the rest is body."""
        return b"\r\n\r\n" in data and self.header_bytes - len(data) + data.index(b"\r\n\r\n") <= self.limits.header

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self.timer is None:
            self._start_timer()

    def on_headers_complete(self) -> None:
        self._stop_timer()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def _start_timer(self) -> None:
        self.header_bytes = 0
        self.awaiting_headers[self] = None
        self.timer = self.loop.call_later(self.limits.header_seconds, self._time_out)

    def _stop_timer(self) -> None:
        self.awaiting_headers.pop(self, None)
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def _time_out(self) -> None:
        # Without a response where no request was begun, as after a keep-alive.
        if self.header_bytes:
            self.transport.write(b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        self.transport.close()


def make_protocol(limits: ServerLimits, max_open: int) -> tuple[type[HttpToolsProtocol], Callable[[], int]]:
    """A connection class with these limits, and a function that counts the connections awaiting request headers."""
    awaiting: _AwaitingHeaders = {}
    shared = {"limits": limits, "awaiting_headers": awaiting, "max_open": max_open}
    return type("Connection", (_Connection,), shared), lambda: len(awaiting)

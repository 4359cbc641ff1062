"""Connections that ask for nothing, or too slowly, or too much at once, are closed before they cost anything.

uvicorn bounds neither the time nor the size of a request's head, nor how many connections may stand open.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from inkdigits.serving.settings import ServerLimits

__all__ = ["make_protocol"]

# In the order in which they began to wait for a request's head.
_Waiting = dict["_Connection", None]


class _Connection(HttpToolsProtocol):
    """uvicorn's connection, with a clock and a scale for a request's head."""

    limits: ServerLimits
    waiting: _Waiting
    most_open: int
    head_bytes = 0
    clock: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._start_clock()
        if len(self.connections) > self.most_open:
            self._make_room()

    def _make_room(self) -> None:
        """Close the connection that has waited longest for a request; this one when all have one."""
        longest = next(iter(self.waiting), self)
        longest.transport.abort()

    def data_received(self, data: bytes) -> None:
        if self.clock is not None:
            self.head_bytes += len(data)
            if self.head_bytes > self.limits.header and not self._has_head(data):
                self.transport.abort()
                return
        super().data_received(data)

    def _has_head(self, data: bytes) -> bool:
        """Whether the head ends within `data`, near enough to its start: the rest is body."""
        return b"\r\n\r\n" in data and self.head_bytes - len(data) + data.index(b"\r\n\r\n") <= self.limits.header

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self.clock is None:
            self._start_clock()

    def on_headers_complete(self) -> None:
        self._stop_clock()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_clock()
        super().connection_lost(exc)

    def _start_clock(self) -> None:
        self.head_bytes = 0
        self.waiting[self] = None
        self.clock = self.loop.call_later(self.limits.header_seconds, self._too_slow)

    def _stop_clock(self) -> None:
        self.waiting.pop(self, None)
        if self.clock is not None:
            self.clock.cancel()
            self.clock = None

    def _too_slow(self) -> None:
        # Without a word where nothing was asked, as after a keep-alive.
        if self.head_bytes:
            self.transport.write(b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        self.transport.close()


def make_protocol(limits: ServerLimits, most_open: int) -> tuple[type[HttpToolsProtocol], Callable[[], int]]:
    """A class of connections with these limits, and a function that counts those that wait to send their first head."""
    waiting: _Waiting = {}
    shared = {"limits": limits, "waiting": waiting, "most_open": most_open}
    return type("Connection", (_Connection,), shared), lambda: len(waiting)

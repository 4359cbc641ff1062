"""Connections on which all is bounded: heads, trailers, waiting bodies, unread answers, idleness, and their life.

uvicorn bounds the time between requests only. Its parser in C, httptools, is kept: with h11, which bounds heads and
trailers, an answer takes a quarter longer (docs/log.md, 2026-11-29).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Literal

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from inkdigits.serving.access import HEALTH
from inkdigits.serving.metrics import REQUESTS
from inkdigits.serving.request_starts import RequestStarts
from inkdigits.serving.settings import ServerLimits

__all__ = ["OpenConnections"]

_SWEEP_SECONDS = 0.5
_PROBES = 50  # connections above the maximum, which are answered about the server's health only
_READ = 256 * 2**10  # bytes that asyncio may read at once
_OFFER = (b"connection", b"upgrade", b"http2-settings")  # headers that offer another protocol
_PIPELINED = 8  # requests that a connection may send ahead of the answers; the last one's answer closes it
# What a connection is doing: sending a head; a request, until its answer is complete; not reading the answer; waiting
# for the next request; being closed.
State = Literal["head", "request", "unread", "idle", "closing"]


@dataclass
class OpenConnections:
    """All connections of a process, and the sweep that ends those which took too long."""

    limits: ServerLimits
    most: int
    open: dict[_Connection, None] = field(default_factory=dict)  # the oldest first
    sweeping: bool = False
    starts: RequestStarts = field(default_factory=RequestStarts)

    def add(self, connection: _Connection) -> None:
        """Count a connection; above the maximum, end the one that has waited longest without a request."""
        self.open[connection] = None
        if not self.sweeping:
            self.sweeping = True
            connection.loop.call_later(_SWEEP_SECONDS, self._sweep, connection.loop)
        if len(self.open) > self.most:
            waiting = next((other for other in self.open if other.state in ("head", "idle", "closing")), connection)
            # So many requests in progress leave room for probes only.
            if waiting is not connection or len(self.open) > self.most + _PROBES:
                waiting.transport.abort()

    def awaiting_requests(self) -> int:
        """How many connections have sent no whole head yet."""
        return sum(connection.state == "head" for connection in self.open)

    def factory(self) -> type[HttpToolsProtocol]:
        """The class of these connections, for uvicorn."""
        return type("_SharedConnection", (_Connection,), {"shared": self})

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for connection in [each for each in self.open if each.until < now and not each.is_read(now)]:
            connection.time_out()
        self._end_unread()
        self.sweeping = bool(self.open)
        if self.sweeping:
            loop.call_later(_SWEEP_SECONDS, self._sweep, loop)

    def _end_unread(self) -> None:
        """End the connections that have not read their answers for the longest, while these take too much memory."""
        unread = [connection for connection in self.open if connection.transport.get_write_buffer_size()]
        left = sum(connection.transport.get_write_buffer_size() for connection in unread)
        for connection in sorted(unread, key=lambda connection: connection.until):
            if left <= self.limits.answers:
                return
            left -= connection.transport.get_write_buffer_size()
            connection.transport.abort()


class _Connection(HttpToolsProtocol):
    """uvicorn's connection with limits on time and size in each of its states."""

    shared: OpenConnections
    state: State = "head"
    until: float = 0.0
    exchange_until: float = 0.0
    unread_bytes = 0  # of the answer, when its connection was last looked at
    head_bytes = 0  # of the request's line and headers, as far as they are parsed
    unparsed_bytes = 0  # received since the last byte of a body, or the end of a request
    in_body = False
    deaf = False  # whether what still comes is dropped
    retires: float = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.retires = self.loop.time() + self.shared.limits.connection_seconds
        self._enter("head", self.shared.limits.header_seconds)
        self.shared.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.shared.open.pop(self, None)
        super().connection_lost(exc)

    def _enter(self, state: State, seconds: float) -> None:
        self.state = state
        self.until = self.loop.time() + seconds

    def data_received(self, data: bytes) -> None:
        if self.state == "closing" or self.deaf:
            return  # the rest of a body whose request is answered already, or requests that never will be
        self.unparsed_bytes += len(data)
        self._unset_keepalive_if_required()
        self._parse(data)
        limit = self.shared.limits.header
        # A header that does not end is not parsed before it does.
        if self.head_bytes > limit or self.unparsed_bytes > limit + _READ:
            self._refuse(431)

    def _parse(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as offer:
            if self.state == "closing":
                return
            if self._offers_upgrade():
                head = self._head_without_offer()
                self.parser = httptools.HttpRequestParser(self)
                self._parse(head + data[offer.args[0] :])
            else:  # CONNECT, after which the parser does not go on
                self.cycle.keep_alive = False
        except httptools.HttpParserError:
            if not self.deaf:
                self._refuse(400)

    def _offers_upgrade(self) -> bool:
        """Whether the request offers another protocol; Java's client does so, and the parser then drops the body."""
        return bool(self.parser.should_upgrade()) and self.parser.get_method() != b"CONNECT"

    def _head_without_offer(self) -> bytes:
        """The request's head as it would be of a client that speaks HTTP/1.1 only."""
        closes = any(name == b"connection" and b"close" in value.lower() for name, value in self.headers)
        kept = [(name, value) for name, value in self.headers if name not in _OFFER]
        lines = [b": ".join(header) for header in [*kept, *([(b"connection", b"close")] if closes else [])]]
        return b"\r\n".join([b"%s %s HTTP/1.1" % (self.parser.get_method(), self.url), *lines, b"", b""])

    def on_message_begin(self) -> None:
        if self.deaf:
            raise _DeafError  # which ends the parsing of what has arrived
        super().on_message_begin()
        self.in_body, self.head_bytes = False, 0
        if self.state == "idle":
            self._enter("head", self.shared.limits.header_seconds)

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self.head_bytes += len(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self.head_bytes += len(name) + len(value) + 4
        if not self.in_body:  # a trailer must not become a header
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self.in_body = True
        if self.state == "closing":
            return
        if self.head_bytes > self.shared.limits.header:
            self._refuse(431)
            return
        if self._offers_upgrade():
            return
        self.head_bytes = 0  # from here on of trailers
        self._enter("request", self.shared.limits.exchange_seconds)
        self.exchange_until = self.until
        path = self.url.partition(b"?")[0].decode("latin-1")
        full = len(self.tasks) >= self.shared.most and not path.endswith(HEALTH)
        self.limit_concurrency = self.shared.most if full else None
        super().on_headers_complete()
        # uvicorn closes by the transport that it gave to the request.
        self.cycle.transport = _ClosedGently(self)  # type: ignore[assignment]
        if self.loop.time() > self.retires or len(self.pipeline) >= _PIPELINED:
            self.cycle.keep_alive = False

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        start = super()._start_asgi_task
        if cycle.scope["path"].endswith(HEALTH):
            start(cycle, app)
        else:
            self.shared.starts.add(self.loop, lambda: None if cycle.disconnected else start(cycle, app))

    def on_body(self, body: bytes) -> None:
        self.unparsed_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self.unparsed_bytes = 0
        if self.state != "closing" and not self._offers_upgrade():
            super().on_message_complete()
            self.deaf = len(self.pipeline) >= _PIPELINED

    def on_response_complete(self) -> None:
        if self.state == "closing":
            self.pipeline.clear()
        elif not self.pipeline and self.cycle.more_body:
            self.close_gently()
        elif not self.pipeline and self.state == "request":
            self._enter("idle", self.shared.limits.header_seconds)
        super().on_response_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self.state == "request":
            self._enter("unread", self.shared.limits.unread_seconds)
            self.unread_bytes = self.transport.get_write_buffer_size()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.state != "unread":
            return
        if self.cycle.response_complete and not self.pipeline:
            self._enter("idle", self.shared.limits.header_seconds)
        else:
            self.state, self.until = "request", self.exchange_until

    def is_read(self, now: float) -> bool:
        """Whether the client has taken a part of an unread answer in its time, and is given that time again."""
        before, self.unread_bytes = self.unread_bytes, self.transport.get_write_buffer_size()
        if self.state != "unread" or self.unread_bytes >= before or now > self.exchange_until:
            return False
        self._enter("unread", self.shared.limits.unread_seconds)
        return True

    def close_gently(self, *, in_head: bool = False) -> None:
        """Close once the answer is sent; what still comes of the request is dropped for a while.

        Closed at once, a client that still sends would lose the answer to a reset.
        """
        if self.state == "closing" or self.transport.is_closing():
            return
        self._enter("closing", self.shared.limits.closing_seconds)
        self.flow.resume_reading()
        whole = self.cycle is not None and self.cycle.response_complete and not self.cycle.more_body
        if whole and not in_head and not self.deaf:
            self.transport.close()
        elif self.transport.can_write_eof():
            self.transport.write_eof()

    def _refuse(self, status: int) -> None:
        """Answer what never becomes a request, after the requests before it, and close."""
        if self.state == "closing":
            return
        self.deaf = True
        REQUESTS.labels("other", "none", str(status)).inc()
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            if not cycle.more_body:
                cycle.keep_alive = False
                return
            cycle.disconnected = True
            cycle.message_event.set()
            if self.pipeline:
                self.transport.abort()
        if cycle is None or cycle.response_complete or not cycle.response_started:
            phrase = HTTPStatus(status).phrase.encode()
            self.transport.write(b"HTTP/1.1 %d %s\r\ncontent-length: 0\r\nconnection: close\r\n\r\n" % (status, phrase))
        self.close_gently(in_head=True)

    def time_out(self) -> None:
        """End a connection whose time in its state is over; one that had begun a head is told so."""
        if self.state == "head" and self.unparsed_bytes:
            self._refuse(408)
        elif self.state in ("head", "idle"):
            self._enter("closing", self.shared.limits.closing_seconds)
            self.transport.close()
        else:
            self.transport.abort()


class _DeafError(Exception):
    """More requests than are answered on one connection at a time."""


class _ClosedGently:
    """A transport whose `close` is the connection's."""

    def __init__(self, connection: _Connection) -> None:
        self.write: Callable[[bytes], None] = connection.transport.write
        self.is_closing: Callable[[], bool] = connection.transport.is_closing
        self.close: Callable[[], None] = connection.close_gently

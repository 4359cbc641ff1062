"""Receives request bodies: limited in size, in time, and in the memory that all bodies together may take."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

from starlette.types import Receive

from inkdigits.errors import RequestError
from inkdigits.serving.responses import busy
from inkdigits.serving.settings import ServerLimits

__all__ = ["BodyReceiver"]

# Small bodies are accepted while large ones fill the memory that all may take.
_MAX_MEMBERS = 1000  # of a gzip stream
_SMALL, _FOR_SMALL = 2**20, 16 * 2**20


@dataclass
class BodyReceiver:
    """Receives bodies and counts the bytes of all that are in memory."""

    limits: ServerLimits
    bytes_held: int = 0

    @asynccontextmanager
    async def received(self, receive: Receive, headers: Mapping[str, str]) -> AsyncIterator[bytes]:
        """The whole body, decompressed; its bytes count until the block ends.

        Raises `RequestError`: 413 too large, 408 too slow, 415 unknown compression, 400 damaged or truncated, 503 when
        the bodies of all requests take too much memory.
        """
        if _declared_length(headers) > self.limits.body:
            raise self._too_large()
        body = _CountedBody(self)
        try:
            async with asyncio.timeout(self.limits.body_seconds):
                content = await self._collect(receive, body)
            yield self._decompressed(content, headers.get("content-encoding", "identity").lower(), body)
        except TimeoutError as error:
            seconds = self.limits.body_seconds
            raise RequestError(408, "slow-body", f"the body took longer than {seconds:g} seconds to arrive") from error
        finally:
            self.bytes_held -= body.size

    @contextmanager
    def counted(self, size: int) -> Iterator[None]:
        """Count a body that was received otherwise, until the block ends. Raises `RequestError` 503 for too many."""
        body = _CountedBody(self)
        try:
            body.grow(size)
            yield
        finally:
            self.bytes_held -= body.size

    async def _collect(self, receive: Receive, body: _CountedBody) -> bytes:
        chunks = []
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise RequestError(400, "cut-off", "the connection ended before the body did")
            chunk = message.get("body", b"")
            body.grow(len(chunk))
            chunks.append(chunk)
            if body.size > self.limits.body:
                raise self._too_large()
            if not message.get("more_body", False):
                return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def _decompressed(self, content: bytes, encoding: str, body: _CountedBody) -> bytes:
        if encoding in ("", "identity") or not content:
            return content
        if encoding not in ("gzip", "deflate"):
            raise RequestError(
                415,
                "encoding",
                "Content-Encoding: expected gzip, deflate or identity",
                headers={"Accept-Encoding": "gzip, deflate, identity"},
            )
        members: list[bytes] = []
        while content:
            # RFC 1952: a gzip stream may be several members, one after the other.
            if len(members) >= _MAX_MEMBERS:
                raise RequestError(413, "encoding", f"the body has more than {_MAX_MEMBERS} gzip members")
            member, content = self._member(content, encoding, body)
            members.append(member)
            if content and encoding == "deflate":
                raise RequestError(400, "encoding", "bytes follow the end of the deflate stream")
        return b"".join(members)

    def _member(self, content: bytes, encoding: str, body: _CountedBody) -> tuple[bytes, bytes]:
        """The first gzip member of `content`, or its deflate stream, decompressed; and what follows it."""
        inflate = zlib.decompressobj(wbits=31 if encoding == "gzip" else zlib.MAX_WBITS)
        try:
            whole = inflate.decompress(content, self.limits.body)
        except zlib.error as error:
            raise RequestError(400, "encoding", f"the body is not a complete {encoding} stream") from error
        body.inflated += len(whole)
        if inflate.unconsumed_tail or body.inflated > self.limits.body:
            raise self._too_large()
        if not inflate.eof:
            raise RequestError(400, "encoding", f"the body is not a complete {encoding} stream")
        body.grow(len(whole))
        return whole, inflate.unused_data

    def _too_large(self) -> RequestError:
        return RequestError(413, "too-large", f"the body is larger than {self.limits.body:,} bytes")


@dataclass
class _CountedBody:
    """The bytes of one body."""

    receiver: BodyReceiver
    size: int = 0
    inflated: int = 0

    def grow(self, more: int) -> None:
        self.size += more
        self.receiver.bytes_held += more
        spare = _FOR_SMALL if self.size <= _SMALL else 0
        if self.receiver.bytes_held > self.receiver.limits.bodies + spare:
            raise busy("too many large bodies at the same time")


def _declared_length(headers: Mapping[str, str]) -> int:
    length = headers.get("content-length", "0")
    return int(length) if length.isdecimal() else 0

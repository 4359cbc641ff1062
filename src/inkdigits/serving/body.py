"""Receives a request's body: bounded in size, in time, and in what all bodies together may hold."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.types import Receive

from inkdigits.errors import RequestError
from inkdigits.serving.problems import busy
from inkdigits.serving.settings import ServerLimits

__all__ = ["Bodies"]

# How much of a body that is refused is still received, in bytes and seconds.
_DISCARDED, _DISCARD_SECONDS = 256 * 2**20, 5.0


@dataclass
class Bodies:
    """Counts the bytes of all bodies that are held at the moment."""

    limits: ServerLimits
    held: int = 0

    @asynccontextmanager
    async def received(self, receive: Receive, headers: Mapping[str, str]) -> AsyncIterator[bytes]:
        """The whole body, decompressed; its bytes count until the block ends.

        Raises `RequestError`: 413 too large, 408 too slow, 415 unknown compression, 400 damaged or cut off, 503 when
        the bodies of all requests take too much.
        """
        if _declared_length(headers) > self.limits.body:
            if "expect" not in headers:
                await _discard(receive)
            raise self._too_large()
        body = _Counted(self)
        try:
            async with asyncio.timeout(self.limits.body_seconds):
                content = await self._collect(receive, body)
            yield self._decompressed(content, headers.get("content-encoding", "identity").lower(), body)
        except TimeoutError as error:
            seconds = self.limits.body_seconds
            raise RequestError(408, "slow-body", f"the body took longer than {seconds:g} seconds to arrive") from error
        finally:
            self.held -= body.size

    async def _collect(self, receive: Receive, body: _Counted) -> bytes:
        chunks = []
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise RequestError(400, "cut-off", "the connection ended before the body did")
            chunk = message.get("body", b"")
            body.grow(len(chunk))
            chunks.append(chunk)
            if body.size > self.limits.body:
                await _discard(receive)
                raise self._too_large()
            if not message.get("more_body", False):
                return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def _decompressed(self, content: bytes, encoding: str, body: _Counted) -> bytes:
        if encoding in ("", "identity") or not content:
            return content
        if encoding not in ("gzip", "deflate"):
            raise RequestError(415, "encoding", "Content-Encoding: expected gzip, deflate or identity")
        inflate = zlib.decompressobj(wbits=47 if encoding == "gzip" else zlib.MAX_WBITS)
        try:
            whole = inflate.decompress(content, self.limits.body)
        except zlib.error as error:
            raise RequestError(400, "encoding", f"the body is no whole {encoding} stream") from error
        if inflate.unconsumed_tail:
            raise self._too_large()
        if not inflate.eof:
            raise RequestError(400, "encoding", f"the body is no whole {encoding} stream")
        body.grow(len(whole))
        return whole

    def _too_large(self) -> RequestError:
        # Closed, since the rest of the body would have to be read for a next request.
        detail = f"the body is larger than {self.limits.body:,} bytes"
        return RequestError(413, "too-large", detail, headers={"Connection": "close"})


async def _discard(receive: Receive) -> None:
    """Throw the rest of a body away: most clients read an answer only after they have sent everything."""
    left = _DISCARDED
    try:
        async with asyncio.timeout(_DISCARD_SECONDS):
            while left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                if not message.get("more_body", False):
                    return
    except TimeoutError:
        return


@dataclass
class _Counted:
    """The bytes of one body."""

    all: Bodies
    size: int = 0

    def grow(self, more: int) -> None:
        self.size += more
        self.all.held += more
        if self.all.held > self.all.limits.bodies:
            raise busy("too many large bodies at the same time")


def _declared_length(headers: Mapping[str, str]) -> int:
    length = headers.get("content-length", "0")
    return int(length) if length.isdecimal() else 0

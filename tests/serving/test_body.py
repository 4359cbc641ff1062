"""Request bodies: too large, too slow, truncated."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import socket
import struct
import time
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.errors import RequestError
from inkdigits.serving.body import BodyReceiver
from inkdigits.serving.settings import ServerLimits
from tests.serving.server import HEAD, PNG, Served, open_connection, png


def test_a_body_of_100_megabytes(stressed: Served) -> None:
    assert stressed.ask("POST", "/v1/read", bytes(100 * 2**20), PNG).status == 413


def test_a_body_that_only_promises_to_be_large(stressed: Served) -> None:
    connection = open_connection(stressed, HEAD + b"99999999999\r\nExpect: 100-continue\r\n\r\n")
    assert connection.recv(65536).startswith(b"HTTP/1.1 413")
    connection.close()


def test_a_large_body_in_chunks(stressed: Served) -> None:
    connection = open_connection(stressed, HEAD.replace(b"Content-Length: ", b"Transfer-Encoding: chunked\r\n\r\n"))
    chunk = b"100000\r\n" + bytes(2**20) + b"\r\n"
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        for _ in range(40):
            connection.sendall(chunk)
        connection.sendall(b"0\r\n\r\n")
    assert _first_line(connection).startswith(b"HTTP/1.1 413")


def _first_line(connection: socket.socket) -> bytes:
    line = connection.recv(65536)
    connection.close()
    return line


def test_clients_that_disconnect_in_a_body(stressed: Served) -> None:
    for _ in range(50):
        open_connection(stressed, HEAD + b"1000\r\n\r\n" + bytes(500)).close()


def test_clients_that_disconnect_before_the_response(stressed: Served, digits: LabelledDigits) -> None:
    picture = png(digits.images[0])
    for _ in range(50):
        connection = open_connection(stressed, HEAD + b"%d\r\n\r\n" % len(picture) + picture)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()


def test_memory_is_bounded(stressed: Served, digits: LabelledDigits) -> None:
    picture, damaged = png(digits.images[0]), b"\x89PNG\r\n\x1a\n" + bytes(100)
    # The same kinds of requests before, so that only what grows with their number counts.
    for _ in range(100):
        stressed.read(picture)
        stressed.read(damaged)
    before = _resident(stressed)
    for _ in range(200):
        stressed.read(picture)
        stressed.read(damaged)
    # Pictures of clients that disconnected in other tests may still be read.
    until = time.monotonic() + 30
    while _resident(stressed) >= 1.1 * before:
        assert time.monotonic() < until, (before, _resident(stressed))
        time.sleep(0.5)


def _resident(server: Served) -> int:
    return int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[1])


def test_a_body_that_never_ends_is_a_408() -> None:
    async def receive() -> Any:
        await asyncio.Event().wait()

    async def receive_body() -> None:
        async with BodyReceiver(replace(ServerLimits(), body_seconds=0.01)).received(receive, {}):
            raise AssertionError("no body came")

    with pytest.raises(RequestError) as caught:
        asyncio.run(receive_body())
    assert caught.value.status == 408


def test_all_bodies_together_are_limited() -> None:
    bodies = BodyReceiver(replace(ServerLimits(), bodies=3 * 2**20))

    async def receive() -> Any:
        return {"type": "http.request", "body": bytes(size), "more_body": False}

    size = 2 * 2**20

    async def receive_two() -> None:
        async with bodies.received(receive, {}), bodies.received(receive, {}):
            raise AssertionError("4 MiB were held")

    with pytest.raises(RequestError) as caught:
        asyncio.run(receive_two())
    assert (caught.value.status, caught.value.retry_after, bodies.bytes_held) == (503, 1, 0)


def test_small_bodies_are_accepted_while_large_ones_fill_the_memory() -> None:
    bodies = BodyReceiver(replace(ServerLimits(), bodies=2 * 2**20))
    sizes = iter((2 * 2**20, 1000))

    async def receive() -> Any:
        return {"type": "http.request", "body": bytes(next(sizes)), "more_body": False}

    async def receive_two() -> int:
        async with bodies.received(receive, {}), bodies.received(receive, {}) as small:
            return len(small)

    assert asyncio.run(receive_two()) == 1000


def test_a_body_of_several_gzip_members(served: Served, digits: LabelledDigits) -> None:
    picture = png(digits.images[0])
    body = gzip.compress(picture[:50]) + gzip.compress(b"") + gzip.compress(picture[50:])
    assert served.reading(body, **{"Content-Encoding": "gzip"})["string"] == "7"
    for wrong in (body + b"more", body[:-1], zlib.compress(picture) + b"more"):
        encoding = "deflate" if wrong.endswith(b"more") and wrong[:1] == b"x" else "gzip"
        assert served.read(wrong, **{"Content-Encoding": encoding}).status == 400
    refused = served.read(picture, **{"Content-Encoding": "br"})
    assert (refused.status, refused.headers["accept-encoding"]) == (415, "gzip, deflate, identity")

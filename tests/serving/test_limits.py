"""Clients that are slow, greedy, broken or gone: each is bounded, and the next one is answered."""

from __future__ import annotations

import contextlib
import io
import resource
import socket
import struct
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.serving.settings import ServerLimits
from tests.serving.server import PNG, Served, png, serving


@pytest.fixture(scope="module")
def pressed() -> Iterator[Served]:
    with serving("--quiet") as server:
        yield server


@pytest.fixture(autouse=True)
def the_next_request_is_answered(pressed: Served, digits: LabelledDigits) -> Iterator[None]:
    yield
    assert pressed.process.poll() is None
    assert pressed.read(png(digits.images[0])).json["string"] == "7"
    assert not [line for line in pressed.lines() if line["event"] == "defect"]


def _open(server: Served, data: bytes = b"") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=30)
    connection.sendall(data)
    return connection


def _until_closed(connection: socket.socket) -> bytes:
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while more := connection.recv(65536):
            received += more
    connection.close()
    return received


HEAD = b"POST /v1/read HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nContent-Length: "


def test_a_body_of_100_megabytes(pressed: Served) -> None:
    assert pressed.ask("POST", "/v1/read", bytes(100 * 2**20), PNG).status == 413


def test_a_body_that_only_promises_to_be_large(pressed: Served) -> None:
    connection = _open(pressed, HEAD + b"99999999999\r\nExpect: 100-continue\r\n\r\n")
    assert connection.recv(65536).startswith(b"HTTP/1.1 413")
    connection.close()


def test_a_large_body_in_chunks(pressed: Served) -> None:
    connection = _open(pressed, HEAD.replace(b"Content-Length: ", b"Transfer-Encoding: chunked\r\n\r\n"))
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


def test_half_a_body_and_gone(pressed: Served) -> None:
    for _ in range(50):
        _open(pressed, HEAD + b"1000\r\n\r\n" + bytes(500)).close()


def test_gone_before_the_answer(pressed: Served, digits: LabelledDigits) -> None:
    picture = png(digits.images[0])
    for _ in range(50):
        connection = _open(pressed, HEAD + b"%d\r\n\r\n" % len(picture) + picture)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()


@pytest.mark.parametrize(
    "noise",
    [
        b"\x16\x03\x01\x02\x00",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\r\n" * 50,
        bytes(5000),
        HEAD + b"-5\r\n\r\n",
        HEAD + b"ten\r\n\r\n",
    ],
)
def test_what_is_no_http(pressed: Served, noise: bytes) -> None:
    connection = _open(pressed, noise)
    connection.shutdown(socket.SHUT_WR)
    assert _until_closed(connection)[:12] in (b"", b"HTTP/1.1 400", b"HTTP/1.1 408", b"HTTP/1.1 505")


def test_a_head_without_end(pressed: Served) -> None:
    connection = _open(pressed, b"GET / HTTP/1.1\r\nHost: localhost\r\n")
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        for number in range(2000):
            connection.sendall(b"X-%d: %s\r\n" % (number, b"x" * 100))
    assert _until_closed(connection)[:12] in (b"", b"HTTP/1.1 431")


def test_slow_loris(pressed: Served) -> None:
    """Heads that come a byte at a time are cut off; fifty of them keep nobody waiting."""
    began = time.monotonic()
    slow = [_open(pressed, b"GET / HTTP/1.1\r\nHost: loc") for _ in range(50)]
    assert pressed.get("/v2/health/ready", timeout="1").status == 200
    while slow and time.monotonic() - began < ServerLimits().header_seconds + 5:
        time.sleep(1)
        slow = [connection for connection in slow if _still_open(connection)]
    assert not slow
    assert time.monotonic() - began > ServerLimits().header_seconds / 2


def _still_open(connection: socket.socket) -> bool:
    try:
        connection.sendall(b"a")
        connection.setblocking(False)
        assert connection.recv(1000)[:12] in (b"", b"HTTP/1.1 408")
    except BlockingIOError:
        connection.setblocking(True)
        return True
    except OSError:
        pass
    connection.close()
    return False


def test_thousands_of_connections_opened_and_left(pressed: Served, digits: LabelledDigits) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    wanted = min(10_500, hard - 500)
    opened = []
    try:
        opened.extend(_open(pressed) for _ in range(wanted))
        assert pressed.read(png(digits.images[0])).json["string"] == "7"
    finally:
        for connection in opened:
            connection.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_picture_bomb(pressed: Served) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 40_000, 40_000, 8, 0, 0, 0, 0)
    bomb = (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(10**6))) + chunk(b"IEND", b"")
    )
    began = time.monotonic()
    answer = pressed.read(bomb)
    assert answer.status == 422
    assert time.monotonic() - began < 2


def test_a_head_that_lies_about_its_size(pressed: Served) -> None:
    honest = bytearray(png(np.full((3000, 4000), 255, np.uint8)))
    honest[16:24] = struct.pack(">II", 10, 10)
    assert pressed.read(bytes(honest)).status == 422


def test_a_photo_keeps_no_drawing_waiting(pressed: Served, digits: LabelledDigits) -> None:
    photo = np.random.default_rng(0).normal(200, 9, (3000, 4000)).clip(0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(photo).save(buffer, "JPEG")
    body = buffer.getvalue()
    waiting = [_open(pressed, HEAD + b"%d\r\n\r\n" % len(body) + body) for _ in range(3)]
    began = time.monotonic()
    small = png(digits.images[0])
    assert pressed.read(small).json["string"] == "7"
    assert time.monotonic() - began < 2
    for connection in waiting:
        assert connection.recv(12) == b"HTTP/1.1 200"
        connection.close()


def test_a_full_queue_says_when_to_come_back(pressed: Served) -> None:
    photo = np.full((2000, 3000), 250, np.uint8)
    photo[::90] = 0
    body = png(photo)
    head = HEAD.replace(b"image/png", b"image/x-any")
    crowd = [_open(pressed, head + b"%d\r\n\r\n" % len(body) + body) for _ in range(ServerLimits().waiting + 40)]
    turned_away = [
        connection
        for connection in crowd[-30:]
        if b" 503 " in (first := connection.recv(65536)) and b"retry-after: 1" in first
    ]
    for connection in crowd:
        connection.close()
    assert turned_away


def test_memory_is_bounded(pressed: Served, digits: LabelledDigits) -> None:
    picture = png(digits.images[0])
    for _ in range(100):
        pressed.read(picture)
    before = _resident(pressed)
    for _ in range(200):
        pressed.read(picture)
        pressed.read(b"\x89PNG\r\n\x1a\n" + bytes(100))
    assert _resident(pressed) < 1.1 * before


def _resident(server: Served) -> int:
    return int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[1])

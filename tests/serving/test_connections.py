"""Connections that are slow, malformed or too many."""

from __future__ import annotations

import contextlib
import resource
import socket
import time

import pytest

from inkdigits.datasets.labelled import LabelledDigits
from tests.serving.hostile_connections import attacked_by
from tests.serving.process_memory import tree_memory
from tests.serving.server import HEAD, Served, open_connection, png, serving


def _until_closed(connection: socket.socket) -> bytes:
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while more := connection.recv(65536):
            received += more
    connection.close()
    return received


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
def test_bytes_that_are_not_http(stressed: Served, noise: bytes) -> None:
    connection = open_connection(stressed, noise)
    connection.shutdown(socket.SHUT_WR)
    assert _until_closed(connection)[:12] in (b"", b"HTTP/1.1 400", b"HTTP/1.1 408", b"HTTP/1.1 505")


def test_headers_without_end(stressed: Served) -> None:
    connection = open_connection(stressed, b"GET / HTTP/1.1\r\nHost: localhost\r\n")
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        for number in range(2000):
            connection.sendall(b"X-%d: %s\r\n" % (number, b"x" * 100))
    assert _until_closed(connection)[:12] == b"HTTP/1.1 431"


def test_slow_loris(stressed: Served) -> None:
    """Connections whose headers arrive a byte at a time are closed, and delay no other client."""
    slow = [open_connection(stressed, b"GET / HTTP/1.1\r\nHost: loc") for _ in range(50)]
    assert all(_still_open(connection) for connection in slow)
    assert stressed.ask("GET", "/v2/health/ready", timeout=5).status == 200
    for _ in range(60):
        slow = [connection for connection in slow if _still_open(connection)]
        if not slow:
            break
        time.sleep(1)
    assert not slow


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


def test_thousands_of_connections_opened_and_left(stressed: Served, digits: LabelledDigits) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    wanted = min(10_500, hard - 500)
    opened = []
    try:
        opened.extend(open_connection(stressed) for _ in range(wanted))
        assert stressed.reading(png(digits.images[0]))["string"] == "7"
    finally:
        for connection in opened:
            connection.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


GET = b"GET /v2/health/live HTTP/1.1\r\nHost: localhost\r\n"
UPGRADE = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"


@pytest.mark.parametrize(
    ("data", "answers"),
    [
        ((GET + b"\r\n") * 5 + GET + b"Connection: close\r\n\r\n", 6),
        ((GET + b"\r\n") * 2000, 9),
        (GET + b"\r\nGARBAGE\r\n\r\n", 1),
        (GET + b"Connection: close\r\n\r\n" + GET + b"\r\n", 1),
    ],
)
def test_requests_sent_ahead_are_answered_and_bounded(stressed: Served, data: bytes, answers: int) -> None:
    received = _until_closed(open_connection(stressed, data))
    assert received.count(b"HTTP/1.1 200 OK") == received.count(b"HTTP/1.1 ") == answers
    assert b"Traceback" not in stressed.log.read_bytes()


def test_a_request_that_offers_another_protocol_is_answered_by_http_1(stressed: Served, digits: LabelledDigits) -> None:
    """As Java's client does with every request, also on a connection that it has used before."""
    picture = png(digits.images[0])
    head = HEAD.replace(b"Content-Type", UPGRADE + b"Content-Type") + b"%d\r\n\r\n" % len(picture)
    connection = open_connection(stressed, (head + picture) * 2 + GET + b"Connection: close\r\n\r\n")
    received = _until_closed(connection)
    assert received.count(b'"string":"7"') == 2
    assert received.endswith(b'{"live":true}')


def test_honest_requests_succeed_among_hostile_connections(digits: LabelledDigits) -> None:
    """Every kind at once, 100 of each; benchmarks/serving_attacks.py holds 500 of each and measures the delays."""
    picture = png(digits.images[0])
    with serving("--quiet") as server, attacked_by(server.port, 100):
        answered = 0
        for _ in range(40):
            time.sleep(0.1)
            assert server.ask("GET", "/v2/health/ready", timeout=10).status == 200
            answered += b'"string":"7"' in server.read(picture).body
    assert answered >= 38


def test_trailers_are_bounded_and_never_become_headers(stressed: Served, digits: LabelledDigits) -> None:
    picture = png(digits.images[0])
    head = HEAD.replace(b"Content-Length: ", b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n")
    chunked = head % (len(picture), picture)
    connection = open_connection(stressed, chunked + b"Host: evil.example\r\nOrigin: http://evil.example\r\n\r\n")
    assert connection.recv(65536).startswith(b"HTTP/1.1 200")
    connection.close()
    for trailers in (b"X-A: b\r\n" * 200_000, b"X-A: " + b"b" * 2_000_000):
        connection = open_connection(stressed, chunked)
        with contextlib.suppress(OSError):
            connection.sendall(trailers)
            connection.sendall(b"\r\n\r\n")
        assert not _until_closed(connection).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"POST /v1/read HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n", b"403"),
        (b"POST /v1/read HTTP/1.1\r\nHost: evil.example\r\n", b"421"),
        (b"POST /nothing HTTP/1.1\r\nHost: evil.example\r\n", b"421"),
    ],
)
def test_an_early_answer_closes_the_connection(stressed: Served, head: bytes, status: bytes) -> None:
    connection = open_connection(stressed, head + b"Content-Length: 10000000\r\n\r\n" + bytes(200_000))
    answer = _until_closed(connection)
    assert answer.split()[1] == status
    assert b"connection: close" in answer


def test_an_answer_that_nobody_reads_does_not_keep_its_connection(stressed: Served) -> None:
    before = _memory(stressed)
    with attacked_by(stressed.port, 40, ("unread answer",)):
        time.sleep(8)
        held = _memory(stressed) - before
    assert held < 500 * 2**20


def _memory(server: Served) -> int:
    return tree_memory(server.process.pid)

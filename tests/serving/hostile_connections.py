"""Clients that hold connections: each opens many on the loopback and does as little as it can to be waited for."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["KINDS", "attacked_by"]

_HEAD = b"POST /v1/read HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"
_CHUNKED = _HEAD + b"Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\nX-A: "
_ZEROS = json.dumps({"inputs": [{"name": "images", "datatype": "UINT8", "shape": [1000, 28, 28],
                                 "parameters": {"binary_data_size": 784_000}}]}).encode()  # fmt: skip
_BIG_ANSWER = (
    (
        b"POST /v2/models/dense/infer HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\n"
        b"Inference-Header-Content-Length: %d\r\nContent-Length: %d\r\n\r\n" % (len(_ZEROS), len(_ZEROS) + 784_000)
    )
    + _ZEROS
    + bytes(784_000)
)
# Of each kind: what is sent at once, and what follows it, a bit at a time.
KINDS: dict[str, tuple[bytes, bytes]] = {
    "slow head": (b"GET / HTTP/1.1\r\nHost: loc", b"a"),
    "slow body": (_HEAD + b"Content-Length: 1000000\r\n\r\n" + bytes(100), bytes(10)),
    "slow trailer": (_CHUNKED, b"x" * 100),
    "unread answer": (_BIG_ANSWER, b""),
    "idle": (b"", b""),
}


@contextmanager
def attacked_by(port: int, count: int, kinds: tuple[str, ...] = tuple(KINDS)) -> Iterator[None]:
    """`count` connections of each kind during the block, opened again when the server ends them."""
    over = threading.Event()
    threads = [threading.Thread(target=_attack, args=(port, count, *KINDS[kind], over)) for kind in kinds]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def _attack(port: int, count: int, first: bytes, more: bytes, over: threading.Event) -> None:
    held: list[socket.socket | None] = [None] * count
    while not over.is_set():
        for place, connection in enumerate(held):
            if over.is_set():
                break
            held[place] = _opened(port, first) if connection is None else _kept(connection, more)
        time.sleep(0.5)
    for connection in held:
        if connection is not None:
            connection.close()


def _opened(port: int, first: bytes) -> socket.socket | None:
    connection = socket.socket()
    # As little as the system allows, so that an answer stays with the server.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(5)
    try:
        connection.connect(("127.0.0.1", port))
        connection.sendall(first)
    except OSError:
        connection.close()
        return None
    return connection


def _kept(connection: socket.socket, more: bytes) -> socket.socket | None:
    with contextlib.suppress(OSError):
        connection.setblocking(False)
        if more:
            connection.send(more)
        connection.send(b"")
        return connection
    connection.close()
    return None

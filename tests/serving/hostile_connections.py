"""Clients that hold connections: each opens many on the loopback and does as little as it can to be waited for.

They run in a process of their own, so that they do not delay an honest client's threads:

    python -m tests.serving.hostile_connections PORT COUNT KIND...
"""

from __future__ import annotations

import contextlib
import json
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["KINDS", "attacked_by"]

_HEAD = b"POST /v1/read HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"
_CHUNKED = _HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
_GET = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n"
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
_UPGRADE = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAA\r\n\r\n"
_ROOT = Path(__file__).parents[2]
_EVERY_SECONDS = 0.5


@dataclass(frozen=True)
class Kind:
    """What a connection sends at once, what follows it again and again, and how it is otherwise."""

    first: bytes
    more: bytes = b""
    half_closed: bool = False  # after `first`
    reads: int = 0  # bytes of the answer at a time


KINDS: dict[str, Kind] = {
    "slow head": Kind(b"GET / HTTP/1.1\r\nHost: loc", b"a"),
    "slow body": Kind(_HEAD + b"Content-Length: 1000000\r\n\r\n" + bytes(100), bytes(10)),
    "slow chunks": Kind(_CHUNKED, b"1\r\na\r\n" * 10),
    "chunk's extension": Kind(_CHUNKED + b"1;", b"x" * 100),
    "slow trailer": Kind(_CHUNKED + b"4\r\nabcd\r\n0\r\nX-A: ", b"x" * 100),
    "body never sent": Kind(_HEAD + b"Expect: 100-continue\r\nContent-Length: 1000000\r\n\r\n"),
    "unread answer": Kind(_BIG_ANSWER),
    "answer read slowly": Kind(_GET + b"\r\n", reads=1),
    "idle": Kind(b""),
    "idle after an answer": Kind(b"GET /v2/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    "half-closed": Kind(_HEAD + b"Content-Length: 1000000\r\n\r\n", half_closed=True),
    "upgrade": Kind(_GET + _UPGRADE, b"\x82\x7e\xff\xff"),
    "pipelined": Kind((_GET + b"\r\n") * 2000),
    "two lengths": Kind(_CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Length: 5\r\n\r\n") + b"0\r\n\r\n"),
    "TLS": Kind(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200)),
    "HTTP/2": Kind(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9), bytes(9)),
}


@contextmanager
def attacked_by(port: int, count: int, kinds: tuple[str, ...] = tuple(KINDS)) -> Iterator[None]:
    """`count` connections of each kind during the block, opened again when the server ends them."""
    command = [sys.executable, "-m", __name__, str(port), str(count), *kinds]
    attackers = subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE)
    try:
        assert attackers.stdout is not None
        assert attackers.stdout.readline() == b"connected\n"
        yield
        assert attackers.poll() is None
    finally:
        attackers.kill()
        attackers.communicate()


def _attack_all(port: int, count: int, kinds: list[str]) -> None:
    began = [threading.Event() for _ in kinds]
    for kind, event in zip(kinds, began, strict=True):
        threading.Thread(target=_attack, args=(port, count, KINDS[kind], event), daemon=True).start()
    for event in began:
        event.wait()
    print("connected", flush=True)
    threading.Event().wait()


def _attack(port: int, count: int, kind: Kind, began: threading.Event) -> None:
    held: list[_Held | None] = [None] * count
    while True:
        for place, connection in enumerate(held):
            if connection is None or not connection.goes_on():
                held[place] = _opened(port, kind)
        began.set()
        time.sleep(_EVERY_SECONDS)


def _opened(port: int, kind: Kind) -> _Held | None:
    connection = socket.socket()
    # As little as the system allows, so that an answer stays with the server.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(0.2)
    try:
        connection.connect(("127.0.0.1", port))
    except OSError:
        connection.close()
        return None
    connection.setblocking(False)
    held = _Held(connection, kind, memoryview(kind.first))
    return held if held.goes_on() else None


@dataclass
class _Held:
    """A connection, and what of its first bytes is still to be sent."""

    connection: socket.socket
    kind: Kind
    unsent: memoryview

    def goes_on(self) -> bool:
        """Take the next step; False when the server has ended the connection."""
        state = select.poll()
        state.register(self.connection, select.POLLRDHUP)
        with contextlib.suppress(OSError):
            if not state.poll(0):
                with contextlib.suppress(BlockingIOError):
                    self._step()
                return True
        self.connection.close()
        return False

    def _step(self) -> None:
        if self.unsent:
            self.unsent = self.unsent[self.connection.send(self.unsent) :]
            if not self.unsent and self.kind.half_closed:
                self.connection.shutdown(socket.SHUT_WR)
        elif self.kind.more:
            self.connection.send(self.kind.more)
        if self.kind.reads:
            self.connection.recv(self.kind.reads)


if __name__ == "__main__":
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    _attack_all(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])

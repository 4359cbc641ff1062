"""A real `inkdigits serve` process on the loopback, and a plain client for it."""

from __future__ import annotations

import http.client
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

JSON = {"Content-Type": "application/json"}
PNG = {"Content-Type": "image/png"}
BOUNDARY = {"Content-Type": "multipart/form-data; boundary=cut"}
# The headers of a picture by hand; its length and an empty line come after them.
HEAD = b"POST /v1/read HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nContent-Length: "


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Served:
    """A server that runs, and what it writes on stderr."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def grpc_port(self) -> int:
        found = re.search(r"grpc://\S+:(\d+)", self.log.read_text())
        assert found
        return int(found[1])

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        timeout: float = 60,
    ) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            content = answer.read()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, content)
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, headers=headers)

    def post(self, path: str, value: Any, **headers: str) -> Answer:
        return self.ask("POST", path, json.dumps(value).encode(), {**JSON, **headers})

    def read(self, picture: bytes, query: str = "", **headers: str) -> Answer:
        return self.ask("POST", f"/v1/read{query}", picture, {**PNG, **headers})

    def stop(self, timeout: float = 40) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout)

    def reading(self, picture: bytes, query: str = "", **headers: str) -> dict[str, Any]:
        """The one reading of a picture of one page."""
        (reading,) = self.read(picture, query, **headers).json["readings"]
        found: dict[str, Any] = reading
        return found

    def workers(self) -> list[int]:
        """The processes of several workers; the resource tracker that Python adds is none."""
        pids = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [int(pid) for pid in pids if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]


@contextmanager
def serving(*arguments: object, **environment: str) -> Iterator[Served]:
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        command = [sys.executable, "-m", "inkdigits", "serve", "--port", "0", *map(str, arguments)]
        with log.open("wb") as stderr:
            process = subprocess.Popen(
                command, stderr=stderr, stdout=subprocess.DEVNULL, env={**os.environ, **environment}
            )
        try:
            yield Served(process, _port(process, log), log)
        finally:
            process.terminate()
            process.wait(60)


def _port(process: subprocess.Popen[bytes], log: Path) -> int:
    for _ in range(1200):
        found = re.search(r"serves on http://\S+:(\d+)", log.read_text())
        if found:
            return int(found[1])
        assert process.poll() is None, log.read_text()
        time.sleep(0.05)
    raise AssertionError(f"the server did not start: {log.read_text()}")


def png(pixels: np.ndarray[Any, Any]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def form(*pictures: bytes) -> bytes:
    """A multipart/form-data body of these files, with the boundary of `BOUNDARY`."""
    parts = [
        b"--cut\r\nContent-Disposition: form-data; name=picture; filename=%d.png\r\n\r\n%s\r\n" % (number, picture)
        for number, picture in enumerate(pictures)
    ]
    return b"".join(parts) + b"--cut--\r\n"


def open_connection(server: Served, data: bytes = b"") -> socket.socket:
    """A connection on which `data` was sent."""
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=30)
    connection.sendall(data)
    return connection

"""Servers of pictures and results on this machine: S3 (moto), FTP (pyftpdlib) and HTTP, and batches that use them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

# Watches a folder from a process of its own, since the batch takes about a second.
HOLD = """
import os, signal, sys, time, fsspec
fs, root = fsspec.url_to_fs(sys.argv[1])
print("ready", flush=True)
pid, until = int(sys.stdin.read()), time.monotonic() + 50
while True:
    fs.invalidate_cache()
    try:
        if sum("part-" in path for path in fs.ls(root, detail=False)) >= int(sys.argv[2]):
            break
    except FileNotFoundError:
        pass
    assert time.monotonic() < until
    time.sleep(0.01)
os.kill(pid, signal.SIGSTOP)
"""


@dataclass
class Server:
    """A server: how its URLs begin, and what commands need in their environment to use it."""

    url: str
    port: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self) -> None:
        self.running.append(
            subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self._env())
        )
        until = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", int(self.port)), timeout=1).close()
                return
            except OSError:
                assert time.monotonic() < until
                time.sleep(0.05)

    def stop(self) -> None:
        self.running[-1].kill()
        self.running[-1].wait()

    def _env(self) -> dict[str, str]:
        return {**os.environ, "NO_PROXY": "127.0.0.1", **self.environment}

    def start_batch(self, *arguments: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "inkdigits", "batch", *map(str, arguments)]
        return subprocess.Popen(command, env=self._env(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def batch(self, *arguments: object) -> tuple[int, str, str]:
        running = self.start_batch(*arguments)
        output, errors = running.communicate(timeout=120)
        return running.returncode, output, errors

    def python(self, code: str, *arguments: object) -> str:
        """What a program prints that uses the server without inkdigits."""
        command = [sys.executable, "-c", f"import sys, fsspec\n{code}", *map(str, arguments)]
        result = subprocess.run(command, env=self._env(), check=True, timeout=60, capture_output=True, text=True)
        return result.stdout

    def fetch(self, name: str, to: Path) -> Path:
        """The results `name`, copied to this machine."""
        code = "fs, root = fsspec.url_to_fs(sys.argv[1]); fs.get(root + '/', sys.argv[2], recursive=True)"
        self.python(code, f"{self.url}/{name}", to)
        return to

    def start_and_hold(self, name: str, count: int, *arguments: object) -> subprocess.Popen[str]:
        """A batch that is suspended when the results `name` have `count` parts, and has not ended before."""
        command = [sys.executable, "-c", HOLD, f"{self.url}/{name}/parts", str(count)]
        watch = subprocess.Popen(command, env=self._env(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert watch.stdout is not None
        assert watch.stdout.readline() == "ready\n"
        running = self.start_batch(*arguments)
        watch.communicate(str(running.pid), timeout=60)
        assert watch.returncode == 0
        assert running.poll() is None, running.communicate()
        return running


def _free_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


def s3_server() -> Server:
    port = _free_port()
    keys = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}
    environment = {**keys, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}
    return Server("s3://forms", port, [sys.executable, "-m", "moto.server", "-p", port], environment)


def ftp_server(folder: Path) -> Server:
    port = _free_port()
    command = [sys.executable, "-m", "pyftpdlib", "-p", port, "-w", "-d", str(folder), "-u", "joe", "-P", "secret"]
    environment = {"FSSPEC_FTP_USERNAME": "joe", "FSSPEC_FTP_PASSWORD": "secret"}
    return Server(f"ftp://127.0.0.1:{port}", port, command, environment)


def web_server(folder: Path) -> Server:
    port = _free_port()
    command = [sys.executable, "-m", "http.server", port, "--bind", "127.0.0.1", "--directory", str(folder)]
    return Server(f"http://127.0.0.1:{port}", port, command)

"""Wrong settings and ports are reported before anything is served."""

from __future__ import annotations

import socket
import subprocess
import sys
import time

import pytest

from tests.conftest import Cli
from tests.serving.server import Served


@pytest.mark.parametrize(
    ("arguments", "needle"),
    [
        (["--host", "0.0.0.0"], "no token"),
        (["--model", "gone.onnx"], "no such model file"),
        (["--model", "cnn", "--model", "cnn"], "two models are called cnn"),
        (["--token-file", "gone"], "cannot be read"),
        (["--prefix", "a b"], "--prefix"),
        (["--model", "gone.onnx", "--workers", "2"], "no such model file"),
        (["--host", "203.0.113.7", "--no-token"], "cannot serve on 203.0.113.7"),
    ],
)
def test_wrong_settings_are_one_line(cli: Cli, arguments: list[str], needle: str) -> None:
    result = cli("serve", "--port", "0", *arguments)
    assert result.returncode == 2
    assert needle in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_port_in_use(cli: Cli, served: Served) -> None:
    result = cli("serve", "--port", served.port)
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert "choose another with --port" in result.stderr


def test_of_two_that_start_on_one_port_at_once_one_says_why_not() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    command = [sys.executable, "-m", "inkdigits", "serve", "--port", str(port), "--model", "dense"]
    both = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    try:
        until = time.monotonic() + 60
        while not (ended := [process for process in both if process.poll() is not None]):
            assert time.monotonic() < until
            time.sleep(0.1)
        (refused,) = ended
        _, told = refused.communicate()
        assert refused.returncode == 2
        assert told.startswith(f"inkdigits: cannot serve on 127.0.0.1 port {port}: Address already in use")
    finally:
        for process in both:
            process.terminate()
            process.communicate(timeout=40)

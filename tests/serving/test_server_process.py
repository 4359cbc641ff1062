"""Stopping a server: every accepted request is answered."""

from __future__ import annotations

import http.client
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from inkdigits.datasets.labelled import LabelledDigits
from tests.serving.hostile_connections import attacked_by
from tests.serving.server import PNG, png, serving


@pytest.mark.parametrize("workers", [1, 2])
def test_sigterm_lets_every_accepted_request_finish(workers: int, digits: LabelledDigits) -> None:
    """Clients send requests without a pause while the server stops: every accepted connection gets its response."""
    picture = png(digits.images[0])
    lost: list[str] = []
    answered = [0] * 8
    with serving("--workers", workers, "--quiet") as server:

        def ask_until_refused(number: int) -> None:
            while True:
                connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
                try:
                    connection.connect()
                except OSError:
                    return  # never accepted
                try:
                    connection.request("POST", "/v1/read", picture, PNG)
                    answer = connection.getresponse()
                    if answer.status == 200 and b'"7"' in answer.read():
                        answered[number] += 1
                    else:
                        lost.append(f"status {answer.status}")
                except OSError as error:
                    lost.append(repr(error))
                finally:
                    connection.close()

        threads = [threading.Thread(target=ask_until_refused, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        while min(answered) < 3:
            time.sleep(0.01)
        assert server.stop() == 0
        for thread in threads:
            thread.join(30)
    assert lost == []


def test_a_body_on_its_way_is_waited_for(digits: LabelledDigits) -> None:
    picture = png(digits.images[0])
    with serving("--quiet") as server:
        connection = socket.create_connection(("127.0.0.1", server.port), timeout=30)
        head = b"POST /v1/read HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nContent-Length: %d\r\n\r\n"
        connection.sendall(head % len(picture) + picture[:50])
        time.sleep(0.2)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.7)
        connection.sendall(picture[50:])
        assert connection.recv(12) == b"HTTP/1.1 200"
        connection.close()
        assert server.process.wait(30) == 0


def test_not_ready_while_it_stops() -> None:
    with serving("--quiet") as server:
        waiting = socket.create_connection(("127.0.0.1", server.port), timeout=30)
        kept = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        kept.request("GET", "/v2/health/ready")
        assert kept.getresponse().read() == b'{"ready":true}'
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.4)
        waiting.sendall(b"GET /v2/health/ready HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert waiting.recv(12) == b"HTTP/1.1 503"
        waiting.close()
        kept.close()


def test_clients_that_withhold_do_not_keep_a_server_that_stops() -> None:
    """Within 25 seconds, whether they withhold a body, the rest of a head, or the taking of an answer."""
    with serving("--quiet") as server, attacked_by(server.port, 10):
        time.sleep(2)
        assert server.stop(timeout=25) == 0


def test_ctrl_c_is_no_mistake() -> None:
    with serving("--quiet") as server:
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(30) == 0
        assert "Traceback" not in server.log.read_text()


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("seconds", [0.2, 0.8, 1.6])
def test_stopped_while_it_starts(workers: int, seconds: float) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "inkdigits", "serve", "--port", "0", "--workers", str(workers)],
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(seconds)
    process.send_signal(signal.SIGTERM)
    _, told = process.communicate(timeout=30)
    # Python may end by the signal itself when it comes amid an import: a shell calls that 130 as well.
    assert process.returncode in (0, 130, -signal.SIGINT, -signal.SIGTERM), told
    assert "Traceback" not in told


# A Ctrl-C that comes just as a worker is started, and reaches it too.
_STOPPED_AMID_A_START = """
import os, signal, sys
from multiprocessing.context import SpawnProcess
start = SpawnProcess.start
def interrupted(process):
    os.kill(os.getpid(), signal.SIGINT)
    start(process)
    os.kill(process.pid, signal.SIGINT)
SpawnProcess.start = interrupted
sys.argv = ["inkdigits", "serve", "--port", "0", "--workers", "2"]
from inkdigits.cli import main
main()
"""


def test_ctrl_c_amid_the_start_of_a_worker_is_not_lost() -> None:
    command = [sys.executable, "-c", _STOPPED_AMID_A_START]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr

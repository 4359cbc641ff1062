"""The access log."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from inkdigits.datasets.labelled import LabelledDigits
from tests.conftest import Cli
from tests.serving.server import Served, open_connection, png, serving


def test_requests_are_logged_but_not_their_pictures(served: Served, digits: LabelledDigits) -> None:
    def readings() -> list[dict[str, str]]:
        return [line for line in served.lines() if line.get("route") == "/v1/read" and line["status"] == "200"]

    before = len(readings())
    served.read(png(digits.images[5]), "?length=1")
    until = time.monotonic() + 10
    # A request is logged after its response.
    while len(readings()) == before and time.monotonic() < until:
        time.sleep(0.01)
    assert len(readings()) > before
    line = readings()[-1]
    assert line["method"] == "POST"
    assert set(line) == {"time", "level", "event", "method", "route", "status", "ms", "client", "request_id"}


def test_a_request_and_its_trace_are_named_in_answer_and_log(served: Served) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    ids = {"X-Request-ID": "order-66", "traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    answer = served.get("/v1/models", **ids)
    assert answer.headers["x-request-id"] == "order-66"
    version, answered, span, flags = answer.headers["traceparent"].split("-")
    assert (version, answered, flags) == ("00", trace, "01")
    assert span != "00f067aa0ba902b7"
    until = time.monotonic() + 10
    while "order-66" not in served.log.read_text() and time.monotonic() < until:
        time.sleep(0.01)
    assert [line["trace_id"] for line in served.lines() if line.get("request_id") == "order-66"] == [trace]


@pytest.mark.parametrize(
    "wrong", ["00-" + "0" * 32 + "-00f067aa0ba902b7-01", "ff-" + "1" * 32 + "-" + "2" * 16 + "-01", "x"]
)
def test_a_wrong_trace_or_id_is_not_passed_on(served: Served, wrong: str) -> None:
    answer = served.get("/v1/models", **{"X-Request-ID": 'a b"c', "traceparent": wrong})
    assert "traceparent" not in answer.headers
    assert len(answer.headers["x-request-id"]) == 32


def test_every_line_is_json_whatever_a_file_or_client_does(served: Served) -> None:
    served.read(b"II*\0" + bytes(40))
    connection = open_connection(served, b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                                 b"Connection: upgrade\r\n\r\n")  # fmt: skip
    connection.recv(100)
    connection.close()
    open_connection(served, b"\0\0\r\n\r\n").close()
    time.sleep(0.2)
    first, *lines = served.log.read_text().splitlines()
    assert first.startswith("inkdigits serves on ")
    assert all(json.loads(line) for line in lines)


def test_times_are_iso_8601_and_levels_are_kept_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the variable, as a container's manifest sets it."""
    logged = {}
    for level in ("info", "ERROR"):
        monkeypatch.setenv("INKDIGITS_SERVE_LOG_LEVEL", level)
        with serving("--model", "dense") as server:
            server.get("/v1/models")
            server.stop()
            logged[level] = server.lines()
    assert logged["ERROR"] == []
    (line,) = [line for line in logged["info"] if line["event"] == "request"]
    assert line["level"] == "info"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])
    assert abs((datetime.now(UTC) - datetime.fromisoformat(line["time"])).total_seconds()) < 3600


def test_another_level_is_refused(main_here: Cli) -> None:
    result = main_here("serve", "--log-level", "loud")
    assert result.returncode == 2
    assert result.stderr == "inkdigits: --log-level loud: expected one of error, warning, info, debug\n"


def test_a_log_that_nobody_reads_any_more_ends_nothing() -> None:
    command = [sys.executable, "-m", "inkdigits", "serve", "--port", "0", "--workers", "2", "--model", "dense"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    assert process.stderr is not None
    served = re.search(rb"http://127.0.0.1:(\d+)", process.stderr.readline())
    assert served is not None
    process.stderr.close()
    server = Served(process, int(served[1]), Path(os.devnull))
    try:
        before = server.workers()
        assert server.get("/v1/models").status == 200
        os.kill(before[0], signal.SIGKILL)
        until = time.monotonic() + 60
        while before[0] in server.workers() or len(server.workers()) < 2:
            assert time.monotonic() < until
            time.sleep(0.1)
        assert server.get("/v1/models").status == 200
        lost = re.search(r"(?m)^inkdigits_log_lines_lost_total (\S+)", server.get("/metrics").body.decode())
        assert lost is not None
        assert float(lost[1]) > 0
    finally:
        assert server.stop() == 0

"""Spans: none unless the variables of OpenTelemetry ask for them; then they carry the trace that came."""

from __future__ import annotations

import http.server
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import distributions
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.serving.tracing import is_traced
from tests.serving.server import png, serving

installed = pytest.mark.skipif(
    "opentelemetry-instrumentation-asgi" not in {each.name for each in distributions()},
    reason="the extra telemetry is not installed",
)
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


class _Collector(http.server.BaseHTTPRequestHandler):
    """Keeps the spans that are sent to it, and the names of their services."""

    received: list[tuple[str, Any]]
    answers = True

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not self.answers:
            time.sleep(60)
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            (name,) = [each.value.string_value for each in resource.resource.attributes if each.key == "service.name"]
            self.received += [(name, span) for scope in resource.scope_spans for span in scope.spans]
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def _collector(answers: bool = True) -> Iterator[tuple[str, list[tuple[str, Any]]]]:
    received: list[tuple[str, Any]] = []
    handler = type("_Kept", (_Collector,), {"received": received, "answers": answers})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", received
    server.shutdown()
    server.server_close()


def _until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not true():
        assert time.monotonic() < until
        time.sleep(0.05)


def _attributes(span: Any) -> dict[str, Any]:
    return {each.key: each.value.string_value or each.value.int_value for each in span.attributes}


@installed
def test_spans_carry_the_trace_that_came(digits: LabelledDigits) -> None:
    with (
        _collector() as (endpoint, received),
        serving("--workers", 2, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint, OTEL_BSP_SCHEDULE_DELAY="200") as server,
    ):
        answer = server.read(png(digits.images[0]), traceparent=f"00-{TRACE}-{PARENT}-01")
        _until(lambda: len(received) == 1)
        ((service, span),) = received
        assert (service, span.name, span.kind) == ("inkdigits", "POST /v1/read", 2)  # a server's
        assert (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE, PARENT)
        assert _attributes(span)["http.route"] == "/v1/read"
        assert TRACE in answer.headers["traceparent"]

        server.get("/nothing/here")
        _until(lambda: len(received) == 2)
        _, other = received[1]
        assert other.name == "GET"
        assert other.trace_id.hex() != TRACE
        # The log names the trace of a request that came without one too.
        (line,) = [line for line in server.lines() if line.get("route") == "none"]
        assert line["trace_id"] == other.trace_id.hex()


@installed
@pytest.mark.parametrize("answers", [True, False])
def test_a_server_that_stops_exports_what_is_left_and_does_not_wait_for_a_collector(answers: bool) -> None:
    with (
        _collector(answers) as (endpoint, received),
        serving("--quiet", OTEL_EXPORTER_OTLP_ENDPOINT=endpoint, OTEL_BSP_SCHEDULE_DELAY="3600000") as server,
    ):
        for _ in range(5):
            server.get("/v2/health/live")
        assert received == []
        assert server.stop(timeout=25) == 0
        assert len(received) == (5 if answers else 0)


def test_nothing_of_opentelemetry_is_imported_without_its_variables() -> None:
    code = (
        "import sys\n"
        "from inkdigits.serving.tracing import traced\n"
        "with traced(print) as app: assert app is print\n"
        "assert not [name for name in sys.modules if name.startswith('opentelemetry')]\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("variables", "why"),
    [
        ({}, None),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}, None),
        ({"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}, None),
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "expected otlp, console or none, got zipkin"),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
            "expected http/protobuf, got grpc",
        ),
    ],
)
def test_what_cannot_be_traced_is_served_and_the_log_says_why(
    variables: dict[str, str], why: str | None, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert not is_traced()
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert [line["event"] for line in lines] == ([] if why is None else ["not_traced"])
    assert why is None or why in lines[0]["error"]

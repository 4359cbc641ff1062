"""OpenTelemetry's spans of requests over HTTP, for whoever sets an exporter by its variables; otherwise none is made.

https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/ lists the variables.
"""

from __future__ import annotations

import importlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from inkdigits.serving.access_log import log_event

__all__ = ["is_traced", "traced"]

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_LAST_SECONDS = 2.0  # for the spans that are not exported when a server stops
_PARENT = b"traceparent"


def is_traced() -> bool:
    """Whether the variables ask for spans, and they can be made; a line of the log says why where they cannot."""
    wanted = os.environ.get("OTEL_TRACES_EXPORTER") or ("otlp" if any(map(os.environ.get, _ENDPOINTS)) else "none")
    if wanted == "none" or os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    protocol = next(filter(None, map(os.environ.get, _PROTOCOLS)), "http/protobuf")
    why = ""
    if wanted not in ("otlp", "console"):
        why = f"OTEL_TRACES_EXPORTER: expected otlp, console or none, got {wanted}"
    elif wanted == "otlp" and protocol != "http/protobuf":
        why = f"{_PROTOCOLS[1]}: expected http/protobuf, got {protocol}"
    else:
        why = _missing()
    if why:
        log_event("not_traced", "warning", error=why)
    return not why


def _missing() -> str:
    """Which of the extra's modules is not installed; empty for none."""
    try:
        for module in ("instrumentation.asgi", "exporter.otlp.proto.http.trace_exporter"):
            importlib.import_module(f"opentelemetry.{module}")
    except ModuleNotFoundError as error:
        return f"{error.name} is not installed: pip install 'inkdigits[telemetry]'"
    return ""


@contextmanager
def traced(app: ASGIApp) -> Iterator[ASGIApp]:
    """`app` with a span for each request, where `is_traced`; the last ones are exported when the block ends."""
    if not is_traced():
        yield app
        return
    from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.util.http import get_excluded_urls

    processor = BatchSpanProcessor(_exporter())
    provider = TracerProvider(resource=Resource.create(_service()), shutdown_on_exit=False)
    provider.add_span_processor(processor)
    try:
        yield OpenTelemetryMiddleware(
            _InSpan(app),
            excluded_urls=get_excluded_urls("ASGI"),
            # The route is known later; a name of each path would be as many names as clients like.
            default_span_details=lambda scope: (scope["method"], {}),
            exclude_spans=["receive", "send"],
            tracer_provider=provider,
        )
    finally:
        last = threading.Thread(target=processor.shutdown, daemon=True)  # it would wait for half a minute
        last.start()
        last.join(_LAST_SECONDS)


def _exporter() -> Any:
    if os.environ.get("OTEL_TRACES_EXPORTER") == "console":
        from opentelemetry.sdk.trace.export import ConsoleSpanExporter

        return ConsoleSpanExporter()
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter()


def _service() -> dict[str, str]:
    """What spans say of this service where the user's variables do not."""
    named = "OTEL_SERVICE_NAME" in os.environ or "service.name=" in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    return {"service.version": version("inkdigits")} | ({} if named else {"service.name": "inkdigits"})


class _InSpan:
    """The application inside a request's span: the span is named by its route, the log and the answer by its trace."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        from opentelemetry import trace
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        span = trace.get_current_span()
        carrier: dict[str, str] = {}
        TraceContextTextMapPropagator().inject(carrier)
        parents = [(name.encode(), value.encode()) for name, value in carrier.items() if name.encode() == _PARENT]
        others = [header for header in scope["headers"] if header[0] != _PARENT]
        scope = {**scope, "headers": [*others, *parents]}

        async def named(message: Message) -> None:
            path = getattr(scope.get("route"), "path", None)
            if message["type"] == "http.response.start" and isinstance(path, str):
                span.update_name(f"{scope['method']} {path}")
                span.set_attribute("http.route", path)
            await send(message)

        await self._app(scope, receive, named)

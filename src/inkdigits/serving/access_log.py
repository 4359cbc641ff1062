"""What is written down about a request: one JSON line on stderr and Prometheus's numbers; never what was in it."""

from __future__ import annotations

import traceback

from starlette.types import Scope

from inkdigits.serving.json_log import tell
from inkdigits.serving.metrics import REQUESTS, SECONDS

__all__ = ["failed", "record"]

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})


def record(scope: Scope, status: int | None, seconds: float, access_log: bool) -> None:
    """Count a request and, with `access_log`, write its line. `status` None: the client had gone."""
    route, code = _route(scope), "gone" if status is None else str(status)
    # Labels of free choice would let a client fill the server's memory with them.
    method = scope["method"] if scope["method"] in _METHODS else "other"
    REQUESTS.labels(method, route, code).inc()
    SECONDS.labels(route).observe(seconds)
    if access_log:
        client = (scope.get("client") or ("-",))[0]
        tell("request", method=method, route=route, status=code, ms=round(1000 * seconds, 2), client=client)


def _route(scope: Scope) -> str:
    """The pattern of the path, as in the OpenAPI."""
    path = getattr(scope.get("route"), "path", None)
    return path if isinstance(path, str) else "none"


def failed(scope: Scope, error: Exception) -> None:
    """Write down a defect of ours, with its stack."""
    tell("defect", route=_route(scope), error="".join(traceback.format_exception(error)))

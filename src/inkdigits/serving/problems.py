"""What a client is told when a request cannot be answered: RFC 9457 under /v1, `{"error": …}` under /v2."""

from __future__ import annotations

import json
from http import HTTPStatus

from starlette.responses import Response

from inkdigits.errors import RequestError

__all__ = ["busy", "internal", "problem_response"]


def problem_response(error: RequestError, path: str) -> Response:
    """The answer that tells `error` in the form that clients of `path` expect."""
    of_v2 = path.startswith("/v2")
    content = {"error": str(error)} if of_v2 else _problem(error)
    kind = "application/json" if of_v2 else "application/problem+json"
    headers = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="inkdigits"'
    return Response(json.dumps(content), error.status, {**headers, **error.headers}, kind)


def _problem(error: RequestError) -> dict[str, object]:
    title = HTTPStatus(error.status).phrase
    return {"type": f"urn:inkdigits:{error.kind}", "title": title, "status": error.status, "detail": str(error)}


def busy(what: str) -> RequestError:
    """503: come back in a second."""
    return RequestError(503, "busy", f"{what}: try again in a second", retry_after=1)


def internal() -> RequestError:
    """500: a defect of ours. Only the log says which."""
    return RequestError(500, "internal", "the server failed; its log says why")

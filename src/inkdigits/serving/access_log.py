"""The log, one JSON object a line on stderr, and the metrics of each request; never the content of a request."""

from __future__ import annotations

import json
import logging
import os
import traceback
import warnings
from collections.abc import Mapping
from datetime import UTC, datetime

from starlette.types import Scope

from inkdigits.serving.metrics import LOST_LINES, REQUESTS, SECONDS
from inkdigits.serving.settings import LogLevel

__all__ = ["log_as_json", "log_event", "log_exception", "log_failed_call", "record_call", "record_request"]

_LEVELS: dict[LogLevel, int] = {
    "error": logging.ERROR,
    "warning": logging.WARNING,
    "info": logging.INFO,
    "debug": logging.DEBUG,
}
_STDERR = 2  # the file descriptor
_LOGGER = logging.getLogger("inkdigits.serving")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})


def log_event(event: str, level: LogLevel = "info", /, **fields: object) -> None:
    """Write one line of JSON on stderr, unless `level` is below the one of `log_as_json`; times are ISO 8601, UTC.

    A line that cannot be written is lost, and counted.
    """
    if not _LOGGER.isEnabledFor(_LEVELS[level]):
        return
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    line = json.dumps({"time": now, "level": level, "event": event, **fields}) + "\n"
    try:
        # Without Python's buffer, which would keep a line that cannot be written, and fail again with it.
        os.write(_STDERR, line.encode())
    except OSError:  # a full disk, or a reader that ended, must not end the service: the metric tells
        LOST_LINES.inc()


class _JsonHandler(logging.Handler):
    """Writes what libraries log in the form of `log_event`."""

    def emit(self, record: logging.LogRecord) -> None:
        error = "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else None
        more = {} if error is None else {"error": error}
        level: LogLevel = next((name for name, least in _LEVELS.items() if record.levelno >= least), "debug")
        log_event("library", level, logger=record.name, message=record.getMessage(), **more)


def log_as_json(level: LogLevel = "info") -> None:
    """Log events of `level` and above, and what libraries log, Python's warnings among them, as lines of JSON.

    Libraries log warnings and errors only, and everything with `debug`.
    """
    _LOGGER.setLevel(_LEVELS[level])
    root = logging.getLogger()
    root.handlers[:] = [_JsonHandler()]
    root.setLevel(logging.DEBUG if level == "debug" else max(logging.WARNING, _LEVELS[level]))
    # It warns of every malformed form, which is the client's mistake and in the answer.
    logging.getLogger("python_multipart").setLevel(logging.ERROR if level != "debug" else logging.DEBUG)
    logging.captureWarnings(True)
    # Pillow warns in words of the file's, of each of its tags; Python would keep all of them. The answer says enough.
    warnings.filterwarnings("ignore", module="PIL")


def record_request(scope: Scope, status: int | None, seconds: float, log: Mapping[str, str] | None) -> None:
    """Count a request and, with `log`, log it with these fields.

    `status` None: the client disconnected before a response.
    """
    # Clients choose methods and paths freely: labels made of them could fill the server's memory.
    method = scope["method"] if scope["method"] in _METHODS else "other"
    client = (scope.get("client") or ("-",))[0]
    record_call(method, _route(scope), None if status is None else str(status), seconds, client, log)


def record_call(
    method: str, route: str, status: str | None, seconds: float, client: str, log: Mapping[str, str] | None
) -> None:
    """`record_request` of a call of any protocol."""
    code = status or "disconnected"
    REQUESTS.labels(method, route, code).inc()
    SECONDS.labels(route).observe(seconds)
    if log is not None:
        log_event("request", method=method, route=route, status=code, ms=round(1000 * seconds, 2), client=client, **log)


def _route(scope: Scope) -> str:
    """The pattern of the path, as in the OpenAPI document."""
    path = getattr(scope.get("route"), "path", None)
    return path if isinstance(path, str) else "none"


def log_exception(scope: Scope, error: Exception, log: Mapping[str, str]) -> None:
    """Log a bug in the server with its traceback and these fields."""
    log_failed_call(_route(scope), error, log)


def log_failed_call(route: str, error: Exception, log: Mapping[str, str]) -> None:
    """`log_exception` of a call of any protocol."""
    log_event("internal_error", level="error", route=route, error="".join(traceback.format_exception(error)), **log)

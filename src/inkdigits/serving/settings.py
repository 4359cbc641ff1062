"""The settings of a server, checked before anything is loaded."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from inkdigits.errors import ServingError
from inkdigits.images.decoding_limits import DecodingLimits

__all__ = [
    "LogLevel",
    "ServerLimits",
    "Settings",
    "cannot_serve",
    "check_bind",
    "check_log_level",
    "check_prefix",
    "check_site",
    "is_loopback",
    "read_token",
]

LogLevel = Literal["error", "warning", "info", "debug"]
_LOG_LEVELS: tuple[LogLevel, ...] = get_args(LogLevel)
_MIN_TOKEN = 16  # characters
_QUICK = DecodingLimits(384 * 2**20, cpu_seconds=1, seconds=10.0, niceness=5)
_SLOW = DecodingLimits(1024 * 2**20, cpu_seconds=10, seconds=25.0, niceness=15)


@dataclass(frozen=True)
class ServerLimits:
    """The limits of one worker. Sizes are in bytes, times in seconds."""

    body: int = 32 * 2**20  # of one request
    bodies: int = 128 * 2**20  # of all requests that are in progress
    body_seconds: float = 30.0  # from the first byte of a body to its last
    header: int = 32 * 2**10
    header_seconds: float = 10.0  # from the connection, or the first byte of a next request, to the end of its head
    answer_seconds: float = 30.0  # queueing and computing
    answers: int = 64 * 2**20  # of all answers that clients do not take
    unread_seconds: float = 15.0  # that a client takes nothing of an answer
    exchange_seconds: float = 80.0  # from the end of a head to the end of the answer
    closing_seconds: float = 5.0  # that a body is still received, and dropped, after its answer
    connection_seconds: float = 600.0  # then the next answer closes the connection
    pictures: int = 64  # in one request to /v1/read
    pages: int = 64  # of one file in such a request
    quick_decoding: DecodingLimits = _QUICK
    quick_files: int = 2  # in decoding processes with these limits at a time
    quick_seconds: float = 3.0  # a file of many pages that takes longer goes on with the next limits
    slow_decoding: DecodingLimits = _SLOW
    slow_files: int = 1
    read_batch: int = 16  # small pictures in one batch: each waits for all of them
    rows: int = 10_000  # in one request to /v2, as bytes; json_limits.py bounds JSON
    queued: int = 256  # requests in one queue
    batch: int = 256  # pictures in one batch of a model
    corrections: int = 20_000  # files
    corrections_bytes: int = 200 * 2**20
    shutdown_seconds: int = 18


@dataclass(frozen=True)
class Settings:
    """How to serve. `token` None: no token is required. `prefix`: the path under which a proxy shows the server."""

    models: tuple[str, ...] = ()  # names or paths; empty: all shipped models
    host: str = "127.0.0.1"
    port: int = 8000
    grpc_port: int | None = None  # None: no gRPC
    workers: int = 1
    corrections: Path | None = None
    token: str | None = field(default=None, repr=False)
    token_file: Path | None = None  # read again when it changes
    metrics_open: bool = False
    allowed_hosts: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()  # addresses whose X-Forwarded-For and -Proto are believed
    prefix: str = ""
    site: Path | None = None  # that `inkdigits page` has written: the page may then read in the browser too
    access_log: bool = True
    log_level: LogLevel = "info"
    limits: ServerLimits = ServerLimits()


def is_loopback(host: str) -> bool:
    """Whether `host` is reachable from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def cannot_serve(host: str, port: int, error: OSError, option: str = "--port") -> ServingError:
    """That the address cannot be served on, for a reason of the system's."""
    reason = error.strerror or str(error)
    return ServingError(f"cannot serve on {host} port {port}: {reason}: choose another with {option}")


def check_bind(settings: Settings, *, anyone: bool) -> None:
    """Raise `ServingError` for a server open to the network without a token, unless `anyone` allows it."""
    if settings.token is None and not anyone and not is_loopback(settings.host):
        raise ServingError(
            f"--host {settings.host} serves other machines, and there is no token: give --token-file FILE, or "
            "--no-token if everyone who can reach the server may use it"
        )


def check_log_level(level: str) -> LogLevel:
    """`level` in lower case. Raises `ServingError` for another word."""
    for known in _LOG_LEVELS:
        if level.lower() == known:
            return known
    raise ServingError(f"--log-level {level}: expected one of {', '.join(_LOG_LEVELS)}")


def check_prefix(prefix: str) -> str:
    """`prefix` without a slash at its end, "" for none. Raises `ServingError` unless it is a plain path."""
    plain = prefix.rstrip("/")
    if plain and not re.fullmatch(r"(/[A-Za-z0-9._~-]+)+", plain):
        raise ServingError(f"--prefix {prefix}: expected a path such as /digits")
    return plain


def check_site(site: Path | None) -> Path | None:
    """`site`. Raises `ServingError` unless it is None or a folder that `inkdigits page` has written."""
    if site is not None and not all(
        (site / part).is_file() for part in ("reader/worker.js", "runtime/onnxruntime.wasm")
    ):
        raise ServingError(f"--site {site}: not a site of inkdigits: write one with inkdigits page --out {site}")
    return site


def read_token(path: Path) -> str:
    """The token in `path`, without white space around it.

    Raises `ServingError` when the file cannot be read, or the token is short or not plain ASCII without spaces.
    """
    try:
        token = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not plain ASCII"
        raise ServingError(f"{path}: the token cannot be read: {reason}") from error
    if len(token) < _MIN_TOKEN or not token.isprintable() or " " in token:
        raise ServingError(
            f"{path}: expected one token of at least {_MIN_TOKEN} characters without spaces, got {len(token)}: "
            "openssl rand -hex 32 makes one"
        )
    return token

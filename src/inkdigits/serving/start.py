"""Starts a server: the socket first, so that a port in use is reported before anything is loaded."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable

from inkdigits.serving.settings import Settings, cannot_serve

__all__ = ["run"]


def run(settings: Settings, say: Callable[[str], object]) -> None:
    """Serve until SIGTERM or SIGINT; `say` is called with a line that names the address once the server is ready.

    Raises `ServingError` when the address cannot be bound or a worker cannot start, `ModelFileError`, `OutputError`.
    """
    listener = _bound(settings.host, settings.port)
    address = _address(listener)

    def ready() -> None:
        with contextlib.suppress(OSError):  # as for the log: the service is worth more than its lines
            say(f"inkdigits serves on {address}{settings.prefix}/ (Ctrl-C stops it)")

    if settings.workers > 1:
        from inkdigits.serving.supervisor import serve_with_workers

        serve_with_workers(settings, listener, ready)
    else:
        from inkdigits.serving.server_process import Reports, serve

        serve(settings, listener, Reports(ready))


def _bound(host: str, port: int) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.socket(family)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        raise cannot_serve(host, port, error) from error
    listener.setblocking(False)
    return listener


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

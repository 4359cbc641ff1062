"""Starts a server: the socket first, so that a port in use is reported before anything is loaded."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable
from dataclasses import replace

from inkdigits.serving.settings import Settings, cannot_serve

__all__ = ["run"]


def run(settings: Settings, say: Callable[[str], object]) -> None:
    """Serve until SIGTERM or SIGINT; `say` is called with a line that names the address once the server is ready.

    Raises `ServingError` when an address cannot be bound or a worker cannot start, `ModelFileError`, `OutputError`.
    """
    listener = _bound(settings.host, settings.port, "--port")
    address = f"http://{_address(listener)}{settings.prefix}/"
    if settings.grpc_port is not None:
        reserved = _reserved(settings.host, settings.grpc_port)
        settings = replace(settings, grpc_port=reserved.getsockname()[1])
        address += f" and grpc://{_address(reserved)}"

    def ready() -> None:
        with contextlib.suppress(OSError):  # as for the log: the service is worth more than its lines
            say(f"inkdigits serves on {address} (Ctrl-C stops it)")

    if settings.workers > 1:
        from inkdigits.serving.supervisor import serve_with_workers

        serve_with_workers(settings, listener, ready)
    else:
        from inkdigits.serving.server_process import Reports, serve

        serve(settings, listener, Reports(ready))


def _reserved(host: str, port: int) -> socket.socket:
    """A socket that keeps the port for workers, which bind it with the same option, and receives no connections."""
    with _bound(
        host, port, "--grpc-port"
    ) as alone:  # that option alone would let several servers of one user share the port
        port = alone.getsockname()[1]
    return _bound(host, port, "--grpc-port", reuse=socket.SO_REUSEPORT)


def _bound(host: str, port: int, option: str, *, reuse: int = socket.SO_REUSEADDR) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.socket(family)
        listener.setsockopt(socket.SOL_SOCKET, reuse, 1)
        listener.bind(address)
    except OSError as error:
        raise cannot_serve(host, port, error, option) from error
    listener.setblocking(False)
    return listener


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

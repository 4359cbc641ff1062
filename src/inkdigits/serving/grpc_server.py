"""Listens for gRPC beside HTTP, in the same event loop, with limits on connections, messages and time."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from inkdigits.errors import ServingError
from inkdigits.serving.grpc_service import GrpcService
from inkdigits.serving.settings import ServerLimits, Settings

# Read when it is imported. It would write lines on stderr that are no JSON.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
import grpc
import grpc.aio

__all__ = ["serving_grpc"]

_MESSAGE = 8 * 2**20  # bytes: as many pictures as `ServerLimits.rows`, and the rest of a request
_READ = 256 * 2**10  # bytes that are read at once
_IDLE_SECONDS = 60.0
# Before gRPC stops, so that calls are refused with a status after which clients repeat them; those that arrive while it
# stops are cancelled.
_REFUSING_SECONDS = 0.2
_STREAMS = 100  # calls of one connection at a time, as HTTP/2 recommends at least


@asynccontextmanager
async def serving_grpc(service: GrpcService, seconds_left: Callable[[], float]) -> AsyncIterator[None]:
    """Answer calls on `Settings.grpc_port` while the block runs, and then for `seconds_left` those in progress.

    Raises `ServingError` when it cannot listen there.
    """
    settings = service.settings
    server = grpc.aio.server(handlers=[service.handler()], options=_options(settings.limits))
    address = _address(settings)
    try:
        server.add_insecure_port(address)
    except RuntimeError as error:
        raise ServingError(f"cannot serve gRPC on {address}: choose another with --grpc-port") from error
    await server.start()
    try:
        yield
    finally:
        service.is_stopping = True
        await asyncio.sleep(_REFUSING_SECONDS)
        await server.stop(seconds_left())


def _address(settings: Settings) -> str:
    return (
        f"[{settings.host}]:{settings.grpc_port}" if ":" in settings.host else f"{settings.host}:{settings.grpc_port}"
    )


def _options(limits: ServerLimits) -> list[tuple[str, int]]:
    """https://grpc.github.io/grpc/cpp/group__grpc__arg__keys.html describes each."""
    return [
        ("grpc.so_reuseport", 1),  # workers share the port
        ("grpc.max_receive_message_length", _MESSAGE),
        ("grpc.max_metadata_size", limits.header),
        ("grpc.absolute_max_metadata_size", limits.header),
        ("grpc.max_concurrent_streams", _STREAMS),
        ("grpc.max_connection_idle_ms", round(1000 * _IDLE_SECONDS)),
        ("grpc.max_connection_age_ms", round(1000 * limits.connection_seconds)),
        ("grpc.max_connection_age_grace_ms", round(1000 * limits.exchange_seconds)),
        ("grpc.server_handshake_timeout_ms", round(1000 * limits.header_seconds)),
        # A message is received as far as it is read: this would let clients send megabytes ahead.
        ("grpc.http2.bdp_probe", 0),
        ("grpc.experimental.tcp_max_read_chunk_size", _READ),
    ]

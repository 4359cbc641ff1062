"""One process that serves: it loads and warms everything, says so, and answers until it is asked to stop."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
import sys
from collections.abc import Callable

import uvicorn

from inkdigits.serving.application import build_app
from inkdigits.serving.connections import make_protocol
from inkdigits.serving.middleware import ServiceMiddleware
from inkdigits.serving.settings import Settings

__all__ = ["serve"]

_MAX_OPEN = 10_000  # connections
_OTHER_FILES = 100  # that a worker keeps open besides
_BACKLOG = 2048
# How many seconds a stopping worker waits for the requests of connections that were made already.
_LAST_HEADS = 1.0
# Python gives another thread its turn after this many seconds; its own 0.005 would be an answer's whole time.
_TURN = 0.0005


def serve(settings: Settings, listener: socket.socket, ready: Callable[[], object]) -> None:
    """Serve on `listener` until SIGTERM or SIGINT; `ready` is called when the first request would be answered at once.

    Every request that was accepted is answered before this returns. Raises as `build_app` does.
    """
    sys.setswitchinterval(_TURN)
    limits = settings.limits
    protocol, unheard = make_protocol(limits, _most_open())
    app = build_app(settings)
    config = uvicorn.Config(
        app,
        http=protocol,
        ws="none",
        lifespan="on",
        # One connection a turn of the loop, so that workers who share the socket share the connections.
        backlog=1,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=limits.shutdown_seconds,
    )
    server = _Server(config, app, unheard, lambda: _say_ready(listener, ready))
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        return


def _say_ready(listener: socket.socket, ready: Callable[[], object]) -> None:
    listener.listen(_BACKLOG)
    ready()


def _most_open() -> int:
    """How many connections fit into the number of files that this process may open, which is raised to its maximum."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        hard = max(soft, _MAX_OPEN + _OTHER_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return max(10, min(_MAX_OPEN, hard - _OTHER_FILES))


class _Server(uvicorn.Server):
    """uvicorn's server, which says when it is ready and turns nobody away who is already at the door."""

    def __init__(
        self, config: uvicorn.Config, app: ServiceMiddleware, unheard: Callable[[], int], ready: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._app, self._unheard, self._ready = app, unheard, ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let in who is at the door, close it, hear what they have to say, then stop as uvicorn does."""
        self._app.stop_being_ready()
        loop = asyncio.get_running_loop()
        for door in [sock.dup() for sock in sockets or []]:
            for server in self.servers:
                server.close()
            await self._let_in(door)
        deadline = loop.time() + _LAST_HEADS
        while self._unheard() and loop.time() < deadline:
            await asyncio.sleep(0.01)
        await super().shutdown(sockets)

    async def _let_in(self, door: socket.socket) -> None:
        """Accept until nobody is left at the door, and close it at that moment."""
        arrived = []
        with door:
            # The queue is made as short as it can be, so that the system refuses who comes from now on.
            door.listen(0)
            with contextlib.suppress(BlockingIOError):
                while True:
                    arrived.append(door.accept()[0])
        loop = asyncio.get_running_loop()
        for connection in arrived:
            await loop.connect_accepted_socket(self._protocol, connection)

    def _protocol(self) -> asyncio.Protocol:
        return self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )

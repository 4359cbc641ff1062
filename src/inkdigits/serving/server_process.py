"""One server process: it loads the application, reports that it is ready, and serves until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import uvicorn

from inkdigits.errors import ServingError
from inkdigits.serving.acceptor import Acceptor
from inkdigits.serving.access_log import log_as_json
from inkdigits.serving.application import build_app
from inkdigits.serving.connections import OpenConnections
from inkdigits.serving.metrics import measure_process
from inkdigits.serving.middleware import ServiceMiddleware
from inkdigits.serving.settings import Settings
from inkdigits.serving.tracing import traced

__all__ = ["Reports", "serve"]

_MAX_OPEN = 10_000  # connections
_OTHER_FILES = 100  # that a process keeps open besides
# For what would keep the event loop busy. Each more lengthens the turns of the loop, since one runs Python at a time.
_THREADS = 4
_MEASURE_TICKS = 50  # of a tenth of a second each
# How many seconds a process that stops waits for the requests of connections that it has accepted.
_LAST_REQUESTS_SECONDS = 1.0
# Python switches threads after this many seconds; its default of 0.005 is as long as a whole response takes.
_SWITCH_INTERVAL = 0.0005


@dataclass(frozen=True)
class Reports:
    """What a server process tells whoever started it, and asks."""

    ready: Callable[[], object]  # it accepts requests
    alive: Callable[[], object] = lambda: None  # its event loop runs: called ten times a second
    all_stop: Callable[[], bool] = lambda: True  # whether no other process serves on the socket from here on


def serve(settings: Settings, listener: socket.socket, reports: Reports) -> None:
    """Serve on `listener` until SIGTERM or SIGINT.

    Every accepted request is answered before this returns, if its client takes the answer in time. Raises as
    `build_app` does.
    """
    log_as_json(settings.log_level)
    sys.setswitchinterval(_SWITCH_INTERVAL)
    limits = settings.limits
    connections = OpenConnections(limits, _max_open())
    app = build_app(settings)
    with contextlib.suppress(KeyboardInterrupt), traced(app) as traced_app:
        config = uvicorn.Config(
            traced_app,
            http=connections.factory(),
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(settings.trusted_proxies),
            forwarded_allow_ips=list(settings.trusted_proxies),
            timeout_graceful_shutdown=limits.shutdown_seconds,
        )
        _Server(config, app, connections, listener, reports).run(sockets=[])


def _max_open() -> int:
    """How many connections this process may keep open, once its limit of open files is raised as far as allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        hard = max(soft, _MAX_OPEN + _OTHER_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return max(10, min(_MAX_OPEN, hard - _OTHER_FILES))


class _Server(uvicorn.Server):
    """uvicorn's server, which reports when it is ready and refuses no connection of its backlog when it stops."""

    def __init__(
        self,
        config: uvicorn.Config,
        app: ServiceMiddleware,
        connections: OpenConnections,
        listener: socket.socket,
        reports: Reports,
    ) -> None:
        super().__init__(config)
        self._app, self._connections, self._reports = app, connections, reports
        self._acceptor = Acceptor(listener, self._protocol)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_THREADS, thread_name_prefix="work"))
        await super().startup(sockets)
        try:
            self._acceptor.start()
        except ServingError:
            await self.lifespan.shutdown()
            raise
        self._reports.ready()

    async def on_tick(self, counter: int) -> bool:
        """Report that the event loop runs; then what uvicorn does."""
        self._reports.alive()
        if counter % _MEASURE_TICKS == 0:
            measure_process()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept the backlog, close the socket, wait for requests on idle connections, then stop as uvicorn does."""
        self._app.start_draining()
        loop = asyncio.get_running_loop()
        self._acceptor.stop()
        if self._reports.all_stop():
            await self._acceptor.accept_backlog()
        else:
            self._acceptor.listener.close()  # the other workers accept what is queued
        deadline = loop.time() + _LAST_REQUESTS_SECONDS
        while self._connections.awaiting_requests() and loop.time() < deadline:
            await asyncio.sleep(0.01)
        await super().shutdown(sockets)

    def _protocol(self) -> asyncio.Protocol:
        return self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )

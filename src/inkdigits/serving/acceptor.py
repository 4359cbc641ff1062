"""Accepts connections: one at a time while workers share them evenly, many while many wait."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass, field

from inkdigits.serving.access_log import log_event
from inkdigits.serving.settings import cannot_serve

__all__ = ["Acceptor"]

_BACKLOG = 4096  # as many as Linux keeps by default; a client whose connection exceeds it tries again after a second
_MOST = 64  # connections in a turn of the event loop
_PAUSE = 0.5  # seconds, when the system has no file descriptor left


@dataclass
class Acceptor:
    """Accepts what is queued on `listener`, which other processes may share.

    Event loops accept one connection a turn. A turn takes milliseconds when many connections are busy, so those that
    have just been opened would wait for the hundreds before them.
    """

    listener: socket.socket
    protocol: Callable[[], asyncio.Protocol]
    _at_once: int = 1
    _opening: set[asyncio.Task[object]] = field(default_factory=set)

    def start(self) -> None:
        """Listen. Raises `ServingError` when another server has begun to listen on the address meanwhile."""
        try:
            self.listener.listen(_BACKLOG)
        except OSError as error:
            host, port = self.listener.getsockname()[:2]
            raise cannot_serve(host, port, error) from error
        self._watch()

    def stop(self) -> None:
        """Accept no more."""
        asyncio.get_running_loop().remove_reader(self.listener.fileno())

    async def accept_backlog(self) -> None:
        """Accept connections until none is queued, and refuse all others from that moment on."""
        # The shortest backlog that there is: the system refuses further connections.
        self.listener.listen(0)
        while self._accept():
            pass
        self.listener.close()
        await asyncio.gather(*self._opening, return_exceptions=True)

    def _watch(self) -> None:
        # By its number: uvloop keeps a socket object open for a while after it was closed.
        asyncio.get_running_loop().add_reader(self.listener.fileno(), self._accept_some)

    def _accept_some(self) -> None:
        for _ in range(self._at_once):
            if not self._accept():
                self._at_once = 1
                return
        self._at_once = min(2 * self._at_once, _MOST)

    def _accept(self) -> bool:
        """Accept one connection; whether there may be more."""
        try:
            connection, _ = self.listener.accept()
        except BlockingIOError:
            return False
        except ConnectionAbortedError:
            return True
        except OSError as error:
            log_event("accept_failed", "error", error=str(error))
            self.stop()
            asyncio.get_running_loop().call_later(_PAUSE, self._watch)
            return False
        connection.setblocking(False)
        loop = asyncio.get_running_loop()
        opening = loop.create_task(loop.connect_accepted_socket(self.protocol, connection))
        self._opening.add(opening)
        opening.add_done_callback(self._opening.discard)
        return True

"""Requests start a few in each turn of the event loop, so that connections and checks of health come between them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

__all__ = ["RequestStarts"]

_A_TURN = 32  # requests, each of which computes for a moment until it waits for something


@dataclass
class RequestStarts:
    """The requests that have arrived and are not started yet, first come, first served."""

    waiting: deque[Callable[[], None]] = field(default_factory=deque)
    left: int = _A_TURN  # how many may still start in this turn

    def add(self, loop: asyncio.AbstractEventLoop, start: Callable[[], None]) -> None:
        """Call `start` in this turn of the loop, or in one of the next when many others wait."""
        if self.left == _A_TURN:
            loop.call_soon(self._next_turn, loop)
        if self.left and not self.waiting:
            self.left -= 1
            start()
        else:
            self.waiting.append(start)

    def _next_turn(self, loop: asyncio.AbstractEventLoop) -> None:
        self.left = _A_TURN
        if not self.waiting:
            return
        loop.call_soon(self._next_turn, loop)
        while self.left and self.waiting:
            self.left -= 1
            self.waiting.popleft()()

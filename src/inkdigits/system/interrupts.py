"""Ctrl-C and a polite kill, taken at a safe moment: between two steps, never in the middle of one."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["Interrupt", "StopSignalHandler", "interruptible", "raise_on_stop_signals"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopSignalHandler:
    """A signal's handler that raises `KeyboardInterrupt` and remembers that it did.

    Whoever is being imported may swallow the exception; `interruptible` then still finds out that it came.
    """

    def __init__(self) -> None:
        self.requested = False

    def __call__(self, *_: Any) -> None:
        """Raise KeyboardInterrupt, whatever the signal."""
        self.requested = True
        raise KeyboardInterrupt


def raise_on_stop_signals() -> StopSignalHandler:
    """Let Ctrl-C and a polite kill raise `KeyboardInterrupt` from here on, and be remembered; main thread only."""
    request = StopSignalHandler()
    for number in _SIGNALS:
        signal.signal(number, request)
    return request


class Interrupt:
    """Remembers that somebody asked to stop."""

    def __init__(self) -> None:
        self.requested = False

    def check(self) -> None:
        """Raise `KeyboardInterrupt` when a stop was asked for."""
        if self.requested:
            raise KeyboardInterrupt


@contextmanager
def interruptible() -> Iterator[Interrupt]:
    """Inside, the first Ctrl-C (or SIGTERM) only sets a mark for `Interrupt.check`; a second one stops at once.

    Raised in the middle of a step, a `KeyboardInterrupt` may land in a clean-up hook of a backend, which swallows it.
    Outside the main thread, where Python takes no signals, nothing changes.
    """
    interrupt = Interrupt()
    if threading.current_thread() is not threading.main_thread():
        yield interrupt
        return

    def remember(*_: Any) -> None:
        if interrupt.requested:
            raise KeyboardInterrupt
        interrupt.requested = True

    before = [signal.signal(number, remember) for number in _SIGNALS]
    interrupt.requested = any(isinstance(handler, StopSignalHandler) and handler.requested for handler in before)
    try:
        interrupt.check()
        yield interrupt
    finally:
        for number, handler in zip(_SIGNALS, before, strict=True):
            signal.signal(number, handler)

"""SIGINT (Ctrl-C), SIGTERM and SIGHUP (a closed terminal), handled at a safe point: between two training steps."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

__all__ = ["Interrupt", "StopSignalHandler", "interruptible", "raise_on_stop_signals"]


def _stop_signals() -> list[signal.Signals]:
    """Those that stop a command; under nohup a closed terminal does not, and Windows has no SIGHUP."""
    hangup = getattr(signal, "SIGHUP", None)
    more = [] if hangup is None or signal.getsignal(hangup) is signal.SIG_IGN else [hangup]
    return [signal.SIGINT, signal.SIGTERM, *more]


class StopSignalHandler:
    """A signal handler that raises `KeyboardInterrupt` and records that it did.

    A library that is being imported may swallow the exception; `interruptible` raises it again in that case.
    """

    def __init__(self) -> None:
        self.requested = False

    def __call__(self, *_: Any) -> None:
        """Raise `KeyboardInterrupt`, for any signal."""
        self.requested = True
        raise KeyboardInterrupt


def raise_on_stop_signals() -> StopSignalHandler:
    """Make SIGINT, SIGTERM and SIGHUP raise `KeyboardInterrupt`, and return their handler; for the main thread only."""
    handler = StopSignalHandler()
    for number in _stop_signals():
        signal.signal(number, handler)
    return handler


class Interrupt:
    """Whether a signal asked to stop."""

    def __init__(self) -> None:
        self.requested = False

    def check(self) -> None:
        """Raise `KeyboardInterrupt` if a stop was requested."""
        if self.requested:
            raise KeyboardInterrupt


@contextmanager
def interruptible(signals: Sequence[signal.Signals] | None = None) -> Iterator[Interrupt]:
    """Inside the block, the first of these signals only sets `Interrupt.requested`; a second one raises at once.

    `signals` are by default all three.

    A `KeyboardInterrupt` raised inside a training step may reach a clean-up hook of a backend, which swallows it. The
    block has no effect outside the main thread, where Python handles no signals. Raises `KeyboardInterrupt` on entry
    where a `StopSignalHandler` was called before.
    """
    interrupt = Interrupt()
    if threading.current_thread() is not threading.main_thread():
        yield interrupt
        return

    def remember(*_: Any) -> None:
        if interrupt.requested:
            raise KeyboardInterrupt
        interrupt.requested = True

    numbers = _stop_signals() if signals is None else signals
    before = [signal.signal(number, remember) for number in numbers]
    interrupt.requested = any(isinstance(handler, StopSignalHandler) and handler.requested for handler in before)
    try:
        interrupt.check()
        yield interrupt
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)

"""A stop that somebody swallowed is not lost."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from inkdigits.system.interrupts import interruptible, raise_on_stop_signals


@pytest.fixture(autouse=True)
def _handlers_are_put_back() -> Iterator[None]:
    before = [(number, signal.getsignal(number)) for number in (signal.SIGINT, signal.SIGTERM)]
    yield
    for number, handler in before:
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_swallowed_stop_is_raised_when_a_training_begins(number: signal.Signals) -> None:
    raise_on_stop_signals()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(number)
    with pytest.raises(KeyboardInterrupt), interruptible():
        pytest.fail("the training began")


def test_without_a_stop_it_begins() -> None:
    raise_on_stop_signals()
    with interruptible() as interrupt:
        signal.raise_signal(signal.SIGINT)
        assert interrupt.requested
    with interruptible() as interrupt:
        assert not interrupt.requested

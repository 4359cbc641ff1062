"""Readers that ask a network and wait: written once, they are answered one by one or many together."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["Asking", "Classify", "answered", "answered_together"]

T = TypeVar("T")
Pixels = NDArray[np.uint8]
Probabilities = NDArray[np.float32]
# Pictures uint8 (n, 28, 28) to probabilities (n, 10).
Classify = Callable[[Pixels], Probabilities]
# It yields pictures uint8 (n, 28, 28), is sent their probabilities (n, 10), and returns a T.
Asking = Generator[Pixels, Probabilities, T]


def answered(asking: Asking[T], classify: Classify) -> T:
    """What `asking` returns, its questions answered one after the other."""
    (value,) = answered_together([asking], classify)
    return value


def answered_together(askings: Sequence[Asking[T]], classify: Classify) -> list[T]:
    """What each of `askings` returns; the questions that wait at the same time are answered at once.

    That spares the network's weights the way out of the processor's cache and back for every picture.
    """
    values: dict[int, T] = {}
    waiting: dict[int, Pixels] = {}

    def go_on(place: int, answer: Probabilities | None) -> None:
        try:
            # A generator begins when it is sent nothing.
            waiting[place] = askings[place].send(answer)  # type: ignore[arg-type]
        except StopIteration as end:
            values[place] = end.value

    for place in range(len(askings)):
        go_on(place, None)
    while waiting:
        questions, waiting = waiting, {}
        answers = classify(np.concatenate(list(questions.values())))
        start = 0
        for place, question in questions.items():
            go_on(place, answers[start : start + len(question)])
            start += len(question)
    return [values[place] for place in range(len(askings))]

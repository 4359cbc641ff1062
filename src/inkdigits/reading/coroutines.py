"""Readings as generators that ask a network: each is written once, and runs alone or shares calls with others."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["Classify", "NetworkQueries", "run", "run_together"]

T = TypeVar("T")
Pixels = NDArray[np.uint8]
Probabilities = NDArray[np.float32]
# Pictures uint8 (n, 28, 28) to probabilities (n, 10).
Classify = Callable[[Pixels], Probabilities]
# Yields pictures uint8 (n, 28, 28), is sent their probabilities (n, 10), and returns a T.
NetworkQueries = Generator[Pixels, Probabilities, T]


def run(queries: NetworkQueries[T], classify: Classify) -> T:
    """The value that the generator `queries` returns, with one call of `classify` a query."""
    (value,) = run_together([queries], classify)
    return value


def run_together(generators: Sequence[NetworkQueries[T]], classify: Classify) -> list[T]:
    """The value that each of `generators` returns; queries that wait at the same time share a call of `classify`.

    With fewer calls the network's weights are loaded into the processor's cache less often.
    """
    values: dict[int, T] = {}
    waiting: dict[int, Pixels] = {}

    def resume(place: int, answer: Probabilities | None) -> None:
        try:
            # A generator starts when it is sent None.
            waiting[place] = generators[place].send(answer)  # type: ignore[arg-type]
        except StopIteration as end:
            values[place] = end.value

    for place in range(len(generators)):
        resume(place, None)
    while waiting:
        queries, waiting = waiting, {}
        answers = classify(np.concatenate(list(queries.values())))
        start = 0
        for place, query in queries.items():
            resume(place, answers[start : start + len(query)])
            start += len(query)
    return [values[place] for place in range(len(generators))]

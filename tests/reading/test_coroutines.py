"""Generators that query a network, run alone and together."""

from __future__ import annotations

import numpy as np

from inkdigits.reading.coroutines import NetworkQueries, run, run_together


def _sum_of(*sizes: int) -> NetworkQueries[float]:
    """Asks for batches of those sizes, filled with the size, and sums the answers."""
    total = 0.0
    for size in sizes:
        answer = yield np.full((size, 28, 28), size, np.uint8)
        assert len(answer) == size
        total += float(answer.sum())
    return total


class _Means:
    def __init__(self) -> None:
        self.batches: list[int] = []

    def __call__(self, images: np.ndarray) -> np.ndarray:
        self.batches.append(len(images))
        return np.repeat(images.mean(axis=(1, 2))[:, None], 10, axis=1).astype(np.float32)


def test_alone_every_query_is_a_call() -> None:
    network = _Means()
    assert run(_sum_of(2, 3), network) == 10 * (4 + 9)
    assert network.batches == [2, 3]


def test_together_queries_share_calls_and_answers_are_not_mixed_up() -> None:
    network = _Means()
    assert run_together([_sum_of(2, 3), _sum_of(), _sum_of(1), _sum_of(4, 1, 2)], network) == [130, 0, 10, 210]
    assert network.batches == [7, 4, 2]


def test_nothing_to_run() -> None:
    network = _Means()
    assert run_together([], network) == []
    assert network.batches == []

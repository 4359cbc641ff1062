"""Digits in a file are shuffled in blocks, and as well as a training needs."""

from __future__ import annotations

import numpy as np
import pytest

from inkdigits.datasets import large_arrays
from inkdigits.training.shuffled_rows import MIXED, shuffled_rows

N = 1_000_003


@pytest.mark.parametrize("n", [10, N])
def test_every_row_comes_once_in_an_order_of_the_seed(n: int) -> None:
    first, again, other = (shuffled_rows(n, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(np.sort(first), np.arange(n))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_few_digits_come_in_any_order() -> None:
    assert np.array_equal(shuffled_rows(1000, np.random.default_rng(3)), np.random.default_rng(3).permutation(1000))


def test_many_are_read_in_neighbours_from_everywhere() -> None:
    """What a disk reads, and what a batch of digits that are sorted by class holds."""
    assert large_arrays.is_large(N)
    rows = shuffled_rows(N, np.random.default_rng(0))
    labels = np.arange(N) * 10 // N
    for start in range(0, N - MIXED, MIXED):
        mixed = rows[start : start + MIXED]
        assert len(np.unique(mixed // 256)) <= MIXED // 256 + 1
        assert np.bincount(labels[mixed], minlength=10).min() > 0.04 * MIXED
        assert np.bincount(labels[mixed[:1000]], minlength=10).min() > 20

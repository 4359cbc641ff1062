"""Resampling with a fixed seed, in NumPy only: bootstrap intervals and permutation tests."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inkdigits.stats.scores import Interval

__all__ = ["PermutationTest", "bootstrap_mean_interval", "permutation_test"]

_SEED = 20_240_229  # fixed, so that the same data gives the same interval
_MAX_INDICES = 4_000_000  # drawn at a time, 8 bytes each
_MAX_SPLITS = 200_000  # C(20, 10) = 184,756 splits of ten seeds against ten are all enumerated


@dataclass(frozen=True)
class PermutationTest:
    """A two-sided test of whether two groups have the same mean. `p_value` is in (0, 1].

    `min_p_value` is the smallest that groups of this size can give: above 0.05 no difference can be significant.
    """

    difference: float  # mean of the first minus mean of the second
    p_value: float
    min_p_value: float
    exact: bool  # every split was enumerated; else `splits` were drawn with a fixed seed
    splits: int


def bootstrap_mean_interval(values: ArrayLike, confidence: float = 0.95, draws: int = 2000) -> Interval:
    """The percentile bootstrap interval for the mean of `values`, (n,) (Efron 1979); n > 0.

    For paired data pass the differences, one per pair: whole pairs are drawn then. Up to 16 different values, such as
    -1, 0 and 1, are drawn as counts from a multinomial, which has the same distribution.
    """
    numbers = np.asarray(values, np.float64)
    means = _drawn_means(numbers, draws, np.random.default_rng(_SEED))
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(low), float(high))


def _drawn_means(numbers: NDArray[np.float64], draws: int, random: np.random.Generator) -> NDArray[np.float64]:
    n = len(numbers)
    different, counts = np.unique(numbers, return_counts=True)
    if len(different) <= 16:
        drawn = random.multinomial(n, counts / n, size=draws)
        means: NDArray[np.float64] = drawn @ different / n
        return means
    rows = max(1, _MAX_INDICES // n)
    parts = [min(rows, draws - start) for start in range(0, draws, rows)]
    return np.concatenate([numbers[random.integers(0, n, (part, n))].mean(axis=1) for part in parts])


def permutation_test(first: ArrayLike, second: ArrayLike) -> PermutationTest:
    """Are the means of two groups of numbers different? Both groups must hold at least one number.

    If the labels "first" and "second" meant nothing, every split of all the numbers into groups of these sizes would
    be as likely as the one observed: the p-value is the fraction of splits with a difference at least as large
    (Fisher 1935; Pitman 1937). Up to 200,000 splits are enumerated; of more, 100,000 are drawn and the observed one is
    counted in (Phipson and Smyth 2010), so that the test keeps its level.
    """
    one, other = np.asarray(first, np.float64), np.asarray(second, np.float64)
    both = np.concatenate([one, other])
    observed = float(one.mean() - other.mean())
    splits = math.comb(len(both), len(one))
    exact = splits <= _MAX_SPLITS
    sums = _all_sums(both, len(one)) if exact else _random_sums(both, len(one))
    differences = sums / len(one) - (both.sum() - sums) / len(other)
    # Equal differences differ in the last bits when their terms are summed in another order.
    extreme = int(np.sum(np.abs(differences) >= abs(observed) - 1e-12 * max(1.0, float(np.abs(both).max()))))
    return PermutationTest(
        difference=observed,
        p_value=extreme / len(sums) if exact else (extreme + 1) / (len(sums) + 1),
        # With groups of equal size the mirrored split is as extreme.
        min_p_value=min(1.0, (2 if len(one) == len(other) else 1) / splits),
        exact=exact,
        splits=len(sums),
    )


def _all_sums(numbers: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    rows = math.comb(len(numbers), size)
    chosen = itertools.chain.from_iterable(itertools.combinations(range(len(numbers)), size))
    sums: NDArray[np.float64] = numbers[np.fromiter(chosen, np.int32, rows * size).reshape(rows, size)].sum(axis=1)
    return sums


def _random_sums(numbers: NDArray[np.float64], size: int, draws: int = 100_000) -> NDArray[np.float64]:
    random = np.random.default_rng(_SEED)
    rows = max(1, _MAX_INDICES // len(numbers))
    parts = [min(rows, draws - start) for start in range(0, draws, rows)]
    return np.concatenate([_shuffled(numbers, part, random)[:, :size].sum(axis=1) for part in parts])


def _shuffled(numbers: NDArray[np.float64], rows: int, random: np.random.Generator) -> NDArray[np.float64]:
    return random.permuted(np.broadcast_to(numbers, (rows, len(numbers))), axis=1)

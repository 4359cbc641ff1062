"""The significance level, the sample size of a paired test, and p-values adjusted for several tests."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

__all__ = ["SIGNIFICANCE_LEVEL", "holm", "pairs_needed"]

SIGNIFICANCE_LEVEL = 0.05  # a difference with a p-value below it is significant


def pairs_needed(
    only_first_right: int, only_second_right: int, n: int, level: float = SIGNIFICANCE_LEVEL, power: float = 0.8
) -> int | None:
    """How many pictures McNemar's test needs to find a difference as large as this one with that power.

    None when there is no difference, since no number of pictures is enough then. The formula is that of Connor 1987,
    "Sample size for testing differences in proportions for the paired-sample design", Biometrics 43: with psi the
    fraction of disagreements and delta the difference,
    n = (z_level sqrt(psi) + z_power sqrt(psi - delta^2))^2 / delta^2.
    """
    if only_first_right == only_second_right:
        return None
    disagreement, difference = (only_first_right + only_second_right) / n, (only_first_right - only_second_right) / n
    at_level, at_power = NormalDist().inv_cdf(1 - level / 2), NormalDist().inv_cdf(power)
    root = at_level * math.sqrt(disagreement) + at_power * math.sqrt(disagreement - difference**2)
    return math.ceil((root / difference) ** 2)


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values adjusted for multiple testing, in the same order (Holm 1979)."""
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    adjusted, highest = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = highest
    return adjusted

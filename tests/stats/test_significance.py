"""Sample sizes by simulation, corrections by the principle that they come from, McNemar's test against SciPy."""

from __future__ import annotations

from itertools import chain, combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from inkdigits.stats.scores import mcnemar_exact
from inkdigits.stats.significance import holm, pairs_needed


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_holm_is_the_closed_test_of_bonferroni(p_values: list[float]) -> None:
    """A hypothesis is rejected when Bonferroni's test rejects every set of hypotheses that it belongs to."""
    places = range(len(p_values))
    sets = list(chain.from_iterable(combinations(places, size) for size in range(1, len(p_values) + 1)))
    of_sets = {chosen: min(1.0, len(chosen) * min(p_values[place] for place in chosen)) for chosen in sets}
    expected = [max(p for chosen, p in of_sets.items() if place in chosen) for place in places]
    assert holm(p_values) == pytest.approx(expected)


@pytest.mark.parametrize(("b", "c"), [(0, 0), (1, 0), (12, 4), (103, 28), (30, 29)])
def test_mcnemar_is_the_binomial_test(b: int, c: int) -> None:
    expected = binomtest(b, b + c).pvalue if b + c else 1.0
    assert mcnemar_exact(b, c) == pytest.approx(expected)


@pytest.mark.parametrize(("b", "c", "n"), [(60, 40, 10000), (12, 4, 1000), (300, 200, 5000)])
def test_the_pictures_needed_give_the_power_promised(b: int, c: int, n: int) -> None:
    """McNemar's exact test, a little more cautious than the normal one behind the formula, on that many pictures."""
    needed = pairs_needed(b, c, n)
    assert needed is not None
    random = np.random.default_rng(0)
    drawn = random.multinomial(needed, [b / n, c / n, 1 - (b + c) / n], 600).tolist()
    power = np.mean([mcnemar_exact(first, second) < 0.05 for first, second, _ in drawn])
    assert 0.74 <= power <= 0.86


def test_no_number_of_pictures_shows_a_difference_that_is_not_there() -> None:
    assert pairs_needed(0, 0, 10000) is None
    assert pairs_needed(30, 30, 10000) is None

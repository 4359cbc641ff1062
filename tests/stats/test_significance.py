"""Sample sizes by simulation, corrections against statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inkdigits.stats.scores import mcnemar_exact
from inkdigits.stats.significance import holm, pairs_needed


@settings(deadline=None)  # the first example imports statsmodels
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_agrees_with_statsmodels(p_values: list[float]) -> None:
    from statsmodels.stats.multitest import multipletests

    assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1])


@pytest.mark.parametrize(("b", "c"), [(0, 0), (1, 0), (12, 4), (103, 28), (30, 29)])
def test_mcnemar_agrees_with_statsmodels(b: int, c: int) -> None:
    from statsmodels.stats.contingency_tables import mcnemar

    expected = mcnemar([[9000, b], [c, 50]], exact=True).pvalue if b + c else 1.0
    assert mcnemar_exact(b, c) == pytest.approx(min(1.0, expected))


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

"""Bootstrap and permutation against SciPy, and by simulation."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from inkdigits.stats.resampling import bootstrap_mean_interval, permutation_test


@pytest.mark.parametrize(
    "values", [np.random.default_rng(0).exponential(size=400), np.repeat([-1, 0, 1], [30, 900, 70])]
)
def test_bootstrap_agrees_with_scipy(values: np.ndarray) -> None:
    expected = stats.bootstrap(
        (values,), np.mean, method="percentile", n_resamples=4000, rng=np.random.default_rng(1)
    ).confidence_interval
    found = bootstrap_mean_interval(values, draws=4000)
    width = expected.high - expected.low
    assert abs(found.low - expected.low) < 0.06 * width
    assert abs(found.high - expected.high) < 0.06 * width


@pytest.mark.parametrize(
    ("draw", "mean"),
    [
        (lambda random: random.choice([-1, 0, 1], size=2000, p=[0.01, 0.96, 0.03]), 0.02),
        (lambda random: random.gamma(0.5, 1.0, 500) - random.gamma(0.4, 1.0, 500), 0.1),
    ],
)
def test_bootstrap_intervals_cover_at_their_level(
    draw: Callable[[np.random.Generator], np.ndarray], mean: float
) -> None:
    random = np.random.default_rng(2)
    intervals = [bootstrap_mean_interval(draw(random), draws=400) for _ in range(600)]
    assert 0.92 <= np.mean([interval.low <= mean <= interval.high for interval in intervals]) <= 0.975


def test_the_same_data_gives_the_same_interval() -> None:
    values = np.random.default_rng(3).normal(size=100)
    assert bootstrap_mean_interval(values) == bootstrap_mean_interval(values)


@pytest.mark.parametrize("sizes", [(5, 5), (4, 7), (2, 9)])
def test_permutation_agrees_with_scipy(sizes: tuple[int, int]) -> None:
    random = np.random.default_rng(sizes)
    one, other = random.normal(0.8, 1, sizes[0]), random.normal(0, 1, sizes[1])
    # SciPy's two-sided value doubles the smaller tail; the absolute difference counts both as they are.
    expected = stats.permutation_test(
        (one, other), lambda a, b: abs(np.mean(a) - np.mean(b)), n_resamples=np.inf, alternative="greater"
    ).pvalue
    found = permutation_test(one, other)
    assert found.exact
    assert found.p_value == pytest.approx(expected)


def test_many_seeds_are_drawn_and_come_close_to_the_exact_value() -> None:
    random = np.random.default_rng(4)
    one, other = random.normal(0.7, 1, 12), random.normal(0, 1, 12)
    found = permutation_test(one, other)
    assert not found.exact
    expected = stats.permutation_test(
        (one, other),
        lambda a, b: abs(np.mean(a) - np.mean(b)),
        n_resamples=20_000,
        alternative="greater",
        rng=np.random.default_rng(5),
    ).pvalue
    assert found.p_value == pytest.approx(expected, abs=0.012)


def test_one_recipe_split_in_two_is_called_different_in_at_most_5_percent_of_all_splits() -> None:
    """Ten seeds of one recipe, five against five others, in every way there is."""
    accuracies = np.array([0.9919, 0.9920, 0.9909, 0.9917, 0.9925, 0.9914, 0.9922, 0.9911, 0.9918, 0.9919])
    called = []
    for chosen in itertools.combinations(range(10), 5):
        mask = np.isin(np.arange(10), chosen)
        called.append(permutation_test(accuracies[mask], accuracies[~mask]).p_value <= 0.05)
    assert 0 < np.mean(called) <= 0.05


def test_a_group_against_itself_and_groups_that_do_not_overlap() -> None:
    values = np.array([0.99, 0.98, 0.985, 0.991])
    assert permutation_test(values, values).p_value == 1.0
    apart = permutation_test(values, values - 0.1)
    assert apart.p_value == apart.min_p_value == 2 / 70


def test_groups_too_small_to_show_anything_say_so() -> None:
    assert permutation_test([1.0, 2.0, 3.0], [7.0, 8.0, 9.0]).min_p_value == pytest.approx(0.1)
    assert permutation_test([1.0], [7.0]).min_p_value == 1.0

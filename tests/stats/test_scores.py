"""Scores against scikit-learn and SciPy; intervals and tests by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics

from inkdigits.errors import DataError
from inkdigits.stats import scores


@pytest.fixture(scope="module")
def answers() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    labels = random.integers(0, 10, 2000)
    logits = random.normal(size=(2000, 10)) + 2 * np.eye(10)[labels]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return labels, probabilities


def test_accuracy_and_log_loss_agree_with_scikit_learn(answers: tuple[np.ndarray, np.ndarray]) -> None:
    labels, probabilities = answers
    assert scores.accuracy(labels, probabilities) == metrics.accuracy_score(labels, probabilities.argmax(axis=1))
    assert scores.log_loss(labels, probabilities) == pytest.approx(metrics.log_loss(labels, probabilities), rel=1e-12)


def test_a_certain_mistake_costs_a_finite_log_loss() -> None:
    assert scores.log_loss(np.array([0]), np.array([[0.0, 1.0]], np.float32)) == pytest.approx(87.3, abs=0.1)


def test_a_more_confident_right_answer_has_the_lower_log_loss() -> None:
    loss = [scores.log_loss(np.array([1]), np.array([[1 - p, p]])) for p in (0.6, 0.9, 0.99)]
    assert loss[0] > loss[1] > loss[2]


def test_confusion_matrix_and_class_scores_agree_with_scikit_learn(answers: tuple[np.ndarray, np.ndarray]) -> None:
    labels, probabilities = answers
    predicted = probabilities.argmax(axis=1)
    matrix = scores.confusion_matrix(labels, predicted)
    np.testing.assert_array_equal(matrix, metrics.confusion_matrix(labels, predicted))
    precision, recall, _, support = metrics.precision_recall_fscore_support(labels, predicted)
    rows = scores.class_scores(matrix)
    np.testing.assert_allclose([row.precision for row in rows], precision)
    np.testing.assert_allclose([row.recall for row in rows], recall)
    assert [row.support for row in rows] == support.tolist()


@pytest.mark.parametrize("label", range(10))
def test_false_positive_rate_agrees_with_scikit_learn(answers: tuple[np.ndarray, np.ndarray], label: int) -> None:
    labels, probabilities = answers
    predicted = probabilities.argmax(axis=1)
    negatives_right = metrics.recall_score(labels == label, predicted == label, pos_label=False)
    row = scores.class_scores(scores.confusion_matrix(labels, predicted))[label]
    assert row.false_positive_rate == pytest.approx(1 - negatives_right)


def test_a_class_that_never_occurs_has_no_recall() -> None:
    rows = scores.class_scores(scores.confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1])))
    assert rows[5].recall is None
    assert rows[5].precision is None
    assert rows[5].false_positive_rate == 0.0


@given(st.integers(1, 20000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_interval_agrees_with_scipy(counts: tuple[int, int]) -> None:
    successes, n = counts
    expected = stats.binomtest(successes, n).proportion_ci(method="wilson")
    found = scores.wilson_interval(successes, n)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-9)


@given(st.integers(0, 400), st.integers(0, 400))
def test_mcnemar_agrees_with_scipy(only_first: int, only_second: int) -> None:
    if only_first + only_second == 0:
        assert scores.mcnemar_exact(0, 0) == 1.0
        return
    expected = stats.binomtest(only_first, only_first + only_second).pvalue
    assert scores.mcnemar_exact(only_first, only_second) == pytest.approx(expected, rel=1e-9)


def test_mcnemar_of_thousands_of_disagreements_is_exact_and_quick() -> None:
    expected = stats.binomtest(4800, 10000).pvalue
    assert scores.mcnemar_exact(4800, 5200) == pytest.approx(expected, rel=1e-9)
    assert scores.mcnemar_exact(0, 10000) == pytest.approx(0.0, abs=1e-300)


def test_mcnemar_errs_at_its_level_under_the_null() -> None:
    """Two classifiers that are equally good: at most 5 % of experiments may say p < 0.05."""
    random = np.random.default_rng(1)
    discordant = random.binomial(10000, 0.012, size=3000)
    only_first = random.binomial(discordant, 0.5)
    pairs = zip(only_first.tolist(), discordant.tolist(), strict=True)
    errors = np.mean([scores.mcnemar_exact(b, n - b) < 0.05 for b, n in pairs])
    assert 0.02 < errors <= 0.055


@pytest.mark.parametrize("shares", [(0.98, 0.012, 0.004, 0.004), (0.7, 0.1, 0.1, 0.1), (0.975, 0.001, 0.0005, 0.0235)])
def test_paired_interval_covers_at_its_level(shares: tuple[float, ...]) -> None:
    random = np.random.default_rng(2)
    truth = shares[1] - shares[2]
    intervals = [scores.paired_difference_interval(*table) for table in random.multinomial(2000, shares, 3000).tolist()]
    covered = np.mean([interval.low <= truth <= interval.high for interval in intervals])
    # Score intervals cover more than they promise where hardly any pair disagrees (the third case expects 3 in 2,000).
    assert 0.935 <= covered <= (0.985 if shares[1] > 0.01 else 1.0)


def test_paired_interval_reproduces_newcombes_published_examples() -> None:
    """Newcombe 1998, table III, method 10: e, f, g, h = 36, 12, 2, 0."""
    interval = scores.paired_difference_interval(36, 12, 2, 0)
    assert (interval.low, interval.high) == pytest.approx((0.0569, 0.3404), abs=2e-4)


def test_a_classifier_against_itself_never_wins(answers: tuple[np.ndarray, np.ndarray]) -> None:
    labels, probabilities = answers
    predicted = probabilities.argmax(axis=1)
    comparison = scores.compare_paired(labels, predicted, predicted)
    assert comparison.p_value == 1.0
    assert comparison.difference == 0.0
    assert comparison.interval.low <= 0 <= comparison.interval.high


def test_comparison_counts_who_is_right_alone() -> None:
    labels = np.array([0, 1, 2, 3, 4])
    comparison = scores.compare_paired(labels, np.array([0, 1, 2, 0, 0]), np.array([0, 0, 0, 3, 0]))
    assert (comparison.only_first_right, comparison.only_second_right) == (2, 1)
    assert comparison.difference == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("probabilities", "message"),
    [
        (np.full((2, 10), 0.2), "do not sum to 1"),
        (np.full((2, 10), np.nan), "not finite"),
        (np.full((3, 10), 0.1), r"expected probabilities of shape \(2"),
        (np.array([[-0.5, 1.5], [0.5, 0.5]]), "do not sum to 1"),
    ],
)
def test_what_is_no_probability_is_refused(probabilities: np.ndarray, message: str) -> None:
    with pytest.raises(DataError, match=message):
        scores.check_probabilities(probabilities, 2)


def test_auroc_agrees_with_scikit_learn_ties_too() -> None:
    random = np.random.default_rng(0)
    higher, lower = random.normal(1, 1, 300).round(1), random.normal(0, 1, 200).round(1)
    truth = np.concatenate([np.ones(300), np.zeros(200)])

    assert scores.auroc(higher, lower) == pytest.approx(metrics.roc_auc_score(truth, np.concatenate([higher, lower])))
    with pytest.raises(DataError, match="two groups"):
        scores.auroc(higher, lower[:0])

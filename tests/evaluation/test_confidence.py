"""Reliability diagrams and selective prediction, against scikit-learn and counts."""

from __future__ import annotations

import pytest
from sklearn.calibration import calibration_curve

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.evaluation.confidence import coverage, coverage_curve, reliability
from inkdigits.stats.scores import expected_calibration_error
from tests.evaluation.conftest import answers


def test_reliability_agrees_with_scikit_learn_and_with_the_calibration_error(test_part: LabelledDigits) -> None:
    probabilities = answers(test_part.labels, 60, 0)
    bins = reliability(test_part.labels, probabilities, bins=10)
    right = probabilities.argmax(axis=1) == test_part.labels
    fractions, means = calibration_curve(right, probabilities.max(axis=1), n_bins=10)
    assert [row.accuracy for row in bins] == pytest.approx(fractions)
    assert [row.confidence for row in bins] == pytest.approx(means)
    error = sum(row.n * abs(row.accuracy - row.confidence) for row in bins) / len(right)
    assert error == pytest.approx(expected_calibration_error(test_part.labels, probabilities, bins=10))


def test_refusing_the_least_confident(test_part: LabelledDigits) -> None:
    probabilities = answers(test_part.labels, 60, 0)
    half, everything = coverage(test_part.labels, probabilities, [0.5, 1.0])
    assert (everything.wrong, everything.accuracy) == (60, 0.88)
    kept = probabilities.max(axis=1) >= half.threshold
    assert kept.sum() == half.n == 250
    assert half.accuracy == pytest.approx((probabilities.argmax(axis=1) == test_part.labels)[kept].mean())
    fractions, accuracies = coverage_curve(test_part.labels, probabilities)
    assert (fractions[-1], accuracies[-1]) == (1.0, pytest.approx(0.88))
    assert accuracies[249] == pytest.approx(half.accuracy)

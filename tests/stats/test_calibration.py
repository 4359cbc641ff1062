from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from sklearn.metrics import log_loss

from inkdigits.stats.calibration import fit_acceptance_threshold, fit_temperature, softmax, with_temperature
from inkdigits.stats.scores import expected_calibration_error


def _logits(n: int, stretch: float) -> tuple[np.ndarray, np.ndarray]:
    """Labels drawn from softmax(logits / stretch), so that `stretch` is the temperature to find."""
    random = np.random.default_rng(3)
    true = random.normal(0, 2, (n, 10))
    labels = np.array([random.choice(10, p=row) for row in softmax(true)])
    return labels, true * stretch


@pytest.mark.parametrize("stretch", [0.4, 1.0, 3.0])
def test_the_temperature_is_the_one_with_the_lowest_log_loss(stretch: float) -> None:
    labels, logits = _logits(4000, stretch)

    def loss(log_temperature: float) -> float:
        return float(log_loss(labels, softmax(logits / np.exp(log_temperature)), labels=range(10)))

    best = minimize_scalar(loss, bounds=(-3, 3), method="bounded", options={"xatol": 1e-8})
    found = fit_temperature(labels, logits)
    assert found == pytest.approx(np.exp(best.x), rel=1e-3)
    assert found == pytest.approx(stretch, rel=0.1)


def test_no_mistake_no_temperature() -> None:
    labels = np.array([1, 0, 3])
    assert fit_temperature(labels, np.eye(10)[labels]) == 1
    assert fit_temperature(np.empty(0, np.int64), np.empty((0, 10))) == 1


def test_probabilities_take_a_temperature_as_logits_do() -> None:
    _, logits = _logits(200, 2)
    np.testing.assert_allclose(with_temperature(softmax(logits), 1.7), softmax(logits / 1.7), atol=1e-9)


def test_expected_calibration_error_by_its_definition() -> None:
    labels, logits = _logits(3000, 2)
    probabilities = softmax(logits)
    confidence, right = probabilities.max(1), probabilities.argmax(1) == labels
    error = 0.0
    for low in np.arange(15) / 15:
        inside = (confidence > low) & (confidence <= low + 1 / 15)
        if inside.any():
            error += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    assert expected_calibration_error(labels, probabilities) == pytest.approx(error, abs=1e-12)
    assert error > 0.05
    assert expected_calibration_error(labels, softmax(logits / 2)) < 0.03


def test_expected_calibration_error_of_the_extremes() -> None:
    sure = np.eye(10)[[1, 2, 3, 4]]
    assert expected_calibration_error(np.array([1, 2, 3, 4]), sure) == 0
    assert expected_calibration_error(np.array([2, 3, 4, 5]), sure) == 1
    assert expected_calibration_error(np.empty(0, np.int64), np.empty((0, 10))) == 0


def test_the_threshold_of_acceptance_refuses_two_in_a_hundred_digits_and_no_more() -> None:
    digits = np.full((1000, 10), 0.01)
    digits[:, 3] = np.random.default_rng(0).permutation(np.linspace(0.3, 0.99, 1000))
    threshold = fit_acceptance_threshold(digits)
    assert 18 <= (digits.max(axis=1) < threshold).sum() <= 20


def test_the_threshold_of_acceptance_is_no_higher_than_what_is_sure() -> None:
    assert fit_acceptance_threshold(np.eye(10)) == 0.8
    assert fit_acceptance_threshold(np.empty((0, 10))) == 0


def test_of_millions_of_pictures_a_part_decides() -> None:
    labels, logits = _logits(2000, 2.0)
    many = fit_temperature(np.tile(labels, 501), np.tile(logits.astype(np.float32), (501, 1)))
    assert many == pytest.approx(fit_temperature(labels[::2], logits[::2]), rel=0.001)

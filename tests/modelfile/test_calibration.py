from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from sklearn.metrics import log_loss

from inkdigits.modelfile.calibration import fit_acceptance_threshold, fit_temperature, softmax, with_temperature
from inkdigits.scores import expected_calibration_error


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


def test_the_threshold_of_acceptance_parts_digits_from_the_rest() -> None:
    digits, others = np.full((100, 10), 0.01), np.full((50, 10), 0.05)
    digits[:, 3], others[:, 1] = 0.9, 0.4
    assert 0.4 < fit_acceptance_threshold(digits, others) <= 0.9


def test_a_refused_digit_weighs_twice_an_accepted_nondigit() -> None:
    """Of 100 digits 10 are as unsure as 15 of 100 others: to refuse the digits would cost more."""
    digits, others = np.full((100, 10), 0.01), np.full((100, 10), 0.01)
    digits[:10, 3], digits[10:, 3] = 0.5, 0.9
    others[:15, 3], others[15:, 3] = 0.5, 0.25
    assert 0.25 < fit_acceptance_threshold(digits, others) <= 0.5
    others[:30, 3] = 0.5
    assert fit_acceptance_threshold(digits, others) > 0.5

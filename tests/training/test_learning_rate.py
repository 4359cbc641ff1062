"""The triangular schedule, in numbers; tests/training/engines/test_keras_optimizer.py has it in tensors."""

from __future__ import annotations

import numpy as np
import pytest

from inkdigits.training.learning_rate import schedule_factor, triangular
from inkdigits.training.recipes import Recipe


def test_it_rises_to_one_after_the_warmup_and_falls_to_zero() -> None:
    factors = [triangular(step, 99, 0.25) for step in range(99)]
    assert np.argmax(factors) == 24
    assert max(factors) == pytest.approx(1)
    assert np.all(np.diff(factors[:25]) > 0)
    assert np.all(np.diff(factors[24:]) < 0)
    assert factors[-1] == pytest.approx(1 / 75)


def test_without_a_warmup_it_only_falls() -> None:
    assert np.all(np.diff([triangular(step, 20, 0.0) for step in range(20)]) < 0)


def test_a_constant_schedule() -> None:
    assert {schedule_factor(Recipe(), step, 10) for step in range(10)} == {1.0}
    assert schedule_factor(Recipe(schedule="triangular", patience=0), 0, 10) < 1

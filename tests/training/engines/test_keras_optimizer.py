"""The optimizer follows the recipe's learning rate."""

from __future__ import annotations

import numpy as np
import pytest

from inkdigits.training.engines.keras_optimizer import make_optimizer
from inkdigits.training.recipes import Recipe


def test_the_triangular_schedule_rises_then_falls_to_zero() -> None:
    recipe = Recipe(schedule="triangular", learning_rate=0.01, patience=0, warmup=0.25)
    optimizer = make_optimizer(recipe, steps=99)
    rates = []
    for step in range(99):
        optimizer.iterations.assign(step)
        rates.append(float(optimizer.learning_rate))
    assert max(rates) == pytest.approx(0.01, rel=0.02)
    assert int(np.argmax(rates)) == 24
    assert rates[0] == pytest.approx(0.0004, rel=0.01)
    assert rates[-1] == pytest.approx(0.01 / 75, rel=0.01)

"""Muon's steps."""

from __future__ import annotations

import numpy as np

from inkdigits.training.engines.numpy.optimizers import Muon
from inkdigits.training.engines.numpy.parameters import Parameters


def test_singular_values_of_a_muon_step_are_near_one() -> None:
    rng = np.random.default_rng(0)
    parameters = Parameters.of([np.zeros((5, 5, 32, 64), np.float32)])
    parameters.gradient[...] = rng.normal(size=parameters.gradient.size)
    Muon(parameters, 0).step(1.0)
    strengths = np.linalg.svd(parameters.values.reshape(800, 64), compute_uv=False) / (800 / 64) ** 0.5
    assert 0.6 < strengths.min() < strengths.max() < 1.3

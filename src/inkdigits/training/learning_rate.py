"""The learning rate over the steps of a training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from inkdigits.training.recipes import Recipe

__all__ = ["schedule_factor", "triangular"]


def triangular(step: Any, steps: int, warmup: float, minimum: Callable[[Any, Any], Any] = min) -> Any:
    """The factor in [0, 1] of the highest rate at `step` of `steps`, counted from 0.

    It rises linearly for the fraction `warmup` of the steps, then falls linearly to zero (Smith 2018). `step` may be a
    tensor, with the `minimum` of its library.
    """
    done = (step + 1) / (steps + 1)
    return minimum(done / max(warmup, 1e-9), (1 - done) / (1 - warmup))


def schedule_factor(recipe: Recipe, step: int, steps: int) -> float:
    """The factor of its learning rates that `recipe` uses at `step` of `steps`, counted from 0."""
    return float(triangular(step, steps, recipe.warmup)) if recipe.schedule == "triangular" else 1.0

"""The learning rate over the steps of a training."""

from __future__ import annotations

from inkdigits.training.recipes import Recipe

__all__ = ["schedule_at", "triangular"]


def triangular(step: int, steps: int, warmup: float) -> float:
    """A share of the highest rate, at `step` counted from 0: up in a straight line, then down to zero (Smith 2018)."""
    done = (step + 1) / (steps + 1)
    return min(done / max(warmup, 1e-9), (1 - done) / (1 - warmup))


def schedule_at(recipe: Recipe, step: int, steps: int) -> float:
    """What share of its learning rates `recipe` uses at `step` of `steps`, counted from 0."""
    return triangular(step, steps, recipe.warmup) if recipe.schedule == "triangular" else 1.0

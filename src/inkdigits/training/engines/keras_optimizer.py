"""The optimizer of a recipe, with its learning rate over the steps of the training."""

from __future__ import annotations

from typing import Any

import keras

from inkdigits.training.recipes import Recipe

__all__ = ["make_optimizer"]

_OPTIMIZERS = {
    "rmsprop": keras.optimizers.RMSprop,
    "adam": keras.optimizers.Adam,
    "sgd": keras.optimizers.SGD,
}


class Triangular(keras.optimizers.schedules.LearningRateSchedule):
    """Up in a straight line for `warmup` of all steps, then down to zero (Smith 2018, "super-convergence")."""

    def __init__(self, highest: float, warmup: float, steps: int) -> None:
        self.highest = highest
        self.warmup = warmup
        self.steps = steps

    def __call__(self, step: Any) -> Any:
        """The learning rate at `step`, counted from 0."""
        # The formula of learning_rate.triangular, in tensors.
        done = (keras.ops.cast(step, "float32") + 1) / (self.steps + 1)
        rising = done / max(self.warmup, 1e-9)
        falling = (1 - done) / (1 - self.warmup)
        return self.highest * keras.ops.minimum(rising, falling)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this schedule again."""
        return {"highest": self.highest, "warmup": self.warmup, "steps": self.steps}


def make_optimizer(recipe: Recipe, steps: int) -> keras.optimizers.Optimizer:
    """The optimizer that `recipe` asks for, in a training of `steps` steps."""
    rate: Any = float(recipe.learning_rate)
    if recipe.schedule == "triangular":
        rate = Triangular(recipe.learning_rate, recipe.warmup, steps)
    return _OPTIMIZERS[recipe.optimizer](learning_rate=rate, weight_decay=recipe.weight_decay or None)

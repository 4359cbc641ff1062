"""The Keras optimizer of a recipe, with its learning rate over the steps of the training."""

from __future__ import annotations

from typing import Any

import keras

from inkdigits.training.learning_rate import triangular
from inkdigits.training.recipes import Recipe

__all__ = ["make_optimizer"]

_OPTIMIZERS = {
    "rmsprop": keras.optimizers.RMSprop,
    "adam": keras.optimizers.Adam,
    "sgd": keras.optimizers.SGD,
}


class TriangularSchedule(keras.optimizers.schedules.LearningRateSchedule):
    """`learning_rate.triangular` times the `highest` rate."""

    def __init__(self, highest: float, warmup: float, steps: int) -> None:
        self.highest = highest
        self.warmup = warmup
        self.steps = steps

    def __call__(self, step: Any) -> Any:
        """The learning rate at `step`, counted from 0."""
        counted = keras.ops.cast(step, "float32")
        return self.highest * triangular(counted, self.steps, self.warmup, keras.ops.minimum)

    def get_config(self) -> dict[str, Any]:
        """The arguments of an equal schedule."""
        return {"highest": self.highest, "warmup": self.warmup, "steps": self.steps}


def make_optimizer(recipe: Recipe, steps: int) -> keras.optimizers.Optimizer:
    """The optimizer of `recipe` for a training of `steps` steps."""
    rate: Any = float(recipe.learning_rate)
    if recipe.schedule == "triangular":
        rate = TriangularSchedule(recipe.learning_rate, recipe.warmup, steps)
    return _OPTIMIZERS[recipe.optimizer](learning_rate=rate, weight_decay=recipe.weight_decay or None)

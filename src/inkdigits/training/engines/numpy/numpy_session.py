"""The NumPy engine, one epoch at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.stats.calibration import fit_temperature
from inkdigits.training.checkpoint import Checkpoint
from inkdigits.training.engines.engine import OnStep, TrainedEpoch
from inkdigits.training.engines.numpy.numpy_training import NumpyTraining
from inkdigits.training.engines.numpy.parameters import PixelStatistics, unfold_standardization
from inkdigits.training.engines.numpy.thread_pool import ThreadPool
from inkdigits.training.epoch_data import batches_of_epoch
from inkdigits.training.learning_rate import schedule_factor
from inkdigits.training.task import Task

if TYPE_CHECKING:
    import keras

    from inkdigits.networks.plain_network import PlainNetwork

__all__ = ["NumpySession", "open_session"]

Floats = NDArray[np.float32]


@contextmanager
def open_session(model: keras.Model | PlainNetwork, task: Task) -> Iterator[NumpySession]:
    """A session that begins with the weights of `model`.

    Initial weights are taken as they are for standardized pixels; those of a trained network are converted first. The
    standardization becomes part of the first layer in `best_weights`. Raises `RecipeError` for a network other than
    dense and cnn.
    """
    statistics = PixelStatistics.of(task.train.images)
    weights = model.get_weights()
    if task.starts_trained:
        weights = unfold_standardization(weights, statistics)
    with ThreadPool.open() as pool:
        yield NumpySession(NumpyTraining.of(weights, statistics, task.recipe, pool), task)


@dataclass
class NumpySession:
    """A `NumpyTraining` that is trained as `task` says."""

    training: NumpyTraining
    task: Task

    def __post_init__(self) -> None:
        self.steps_per_epoch = self.task.steps_per_epoch

    def restore(self, checkpoint: Checkpoint) -> None:
        """Continue from `checkpoint`."""
        self.training.restore(checkpoint.model, checkpoint.optimizer)

    def train_epoch(self, epoch: int, on_step: OnStep) -> TrainedEpoch:
        """Take the steps of epoch `epoch`."""
        recipe, steps = self.task.recipe, self.steps_per_epoch
        losses, right, n = [], 0, 0
        batches = batches_of_epoch(self.task.train, recipe, self.task.seed, epoch)
        for step, (images, targets) in enumerate(batches):
            on_step(step)
            factor = schedule_factor(recipe, (epoch - 1) * steps + step, steps * recipe.epochs)
            probabilities = self.training.step(images, targets, factor)
            losses.append(-float((targets * np.log(np.maximum(probabilities, 1e-7))).sum()))
            right += int((probabilities.argmax(axis=1) == targets.argmax(axis=1)).sum())
            n += len(images)
        means = tuple(loss / recipe.batch_size for loss in losses)
        return TrainedEpoch(sum(losses) / n, right / n, means)

    def predict_validation(self) -> Floats:
        """Probabilities of the validation digits."""
        return self.training.predict_proba(self.task.validation.images)

    def best_weights(self, probabilities: Floats) -> list[NDArray[Any]]:
        """Weights for pixels in [0, 1], at the temperature that fits the validation digits best after smoothed labels.

        Smoothed labels make a network's probabilities too low.
        """
        weights = self.training.weights
        if not self.task.recipe.label_smoothing:
            return weights
        *others, kernel, bias = weights
        logits = np.log(np.maximum(probabilities, np.float32(1e-30)))
        temperature = np.float32(fit_temperature(self.task.validation.labels, logits))
        return [*others, kernel / temperature, bias / temperature]

    def state(self) -> tuple[list[NDArray[Any]], list[NDArray[Any]]]:
        """The weights as one vector, and the optimizers' moments."""
        return self.training.state

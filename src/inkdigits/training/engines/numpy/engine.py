"""The loop of the NumPy engine: epochs, validation, early stopping and checkpoints, as Keras's loop has them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from inkdigits.stats.calibration import fit_temperature
from inkdigits.stats.scores import accuracy, log_loss
from inkdigits.system.interrupts import Interrupt, interruptible
from inkdigits.training.checkpoint import (
    Checkpoint,
    EpochRecord,
    OnEpoch,
    Progress,
    latest_checkpoint,
    save_checkpoint,
)
from inkdigits.training.engines.numpy.numpy_training import NumpyTraining
from inkdigits.training.engines.numpy.parameters import Standard, unfolded_from_first
from inkdigits.training.engines.numpy.thread_pool import Lanes
from inkdigits.training.epoch_data import pictures_of_epoch
from inkdigits.training.learning_rate import schedule_at
from inkdigits.training.progress import ProgressLine, progress_line
from inkdigits.training.task import Task, check_finite

if TYPE_CHECKING:
    import keras

__all__ = ["fit"]

Floats = NDArray[np.float32]


def fit(model: keras.Model, task: Task, quiet: bool = True, on_epoch: OnEpoch = lambda record: True) -> Progress:
    """Train Keras's `model` in place, as `training.fit.fit` does, without Keras.

    Its first weights are taken as they are for standard pixels, unless the task starts from a trained network, and the
    standardization is folded into the first layer at the end. Raises `RecipeError` for another network than dense and
    cnn, `TrainingDivergedError` when a loss becomes NaN or infinite.
    """
    standard = Standard.of(task.train.images)
    weights = model.get_weights()
    if task.starts_trained:
        weights = unfolded_from_first(weights, standard)
    with interruptible() as interrupt, Lanes.opened() as lanes:
        training = NumpyTraining.of(weights, standard, task.recipe, lanes)
        state = latest_checkpoint(task.checkpoints) or Checkpoint()
        if state.model:
            training.restore(state)
        with progress_line(task.steps_per_epoch * task.recipe.epochs, quiet) as line:
            state = _all_epochs(training, task, state, _Outside(line, interrupt), on_epoch)
    model.set_weights(state.best)
    return state.progress


@dataclass(frozen=True)
class _Outside:
    """A person who looks on and may stop it."""

    line: ProgressLine
    interrupt: Interrupt


def _all_epochs(
    training: NumpyTraining, task: Task, state: Checkpoint, outside: _Outside, on_epoch: OnEpoch
) -> Checkpoint:
    going_on = True
    while going_on and not state.progress.ended(task.recipe.epochs, task.recipe.patience):
        state = _one_epoch(training, task, state, outside)
        save_checkpoint(task.checkpoints, state)
        going_on = on_epoch(state.progress.history[-1])
    outside.interrupt.check()
    return state


def _one_epoch(training: NumpyTraining, task: Task, state: Checkpoint, outside: _Outside) -> Checkpoint:
    epoch = len(state.progress.history) + 1
    started = time.perf_counter()
    loss, share_right = _learn(training, task, epoch, outside)
    probabilities = training.predict_proba(task.validation.images)
    record = EpochRecord(
        epoch=epoch,
        loss=check_finite(loss, epoch),
        accuracy=share_right,
        val_loss=check_finite(log_loss(task.validation.labels, probabilities), epoch),
        val_accuracy=accuracy(task.validation.labels, probabilities),
        seconds=time.perf_counter() - started,
    )
    progress = state.progress.after(record, keep=task.recipe.keep)
    if progress.best_epoch != epoch:
        return training.checkpoint(progress, state.best)
    weights = training.weights
    if task.recipe.label_smoothing:
        weights = _sharpened(weights, task.validation.labels, probabilities)
    return training.checkpoint(progress, weights)


def _sharpened(weights: list[Floats], labels: NDArray[np.int64], probabilities: Floats) -> list[Floats]:
    """Divide the last layer by the temperature that validation asks for: smoothed labels teach too much modesty."""
    *others, kernel, bias = weights
    temperature = np.float32(fit_temperature(labels, np.log(np.maximum(probabilities, np.float32(1e-30)))))
    return [*others, kernel / temperature, bias / temperature]


def _learn(training: NumpyTraining, task: Task, epoch: int, outside: _Outside) -> tuple[float, float]:
    """The mean loss in nats of an epoch, and the share that was answered rightly, each before its step."""
    images, targets = pictures_of_epoch(task.train, task.recipe, task.seed, epoch)
    steps, size = task.steps_per_epoch, task.recipe.batch_size
    loss, right = 0.0, 0
    for step in range(steps):
        outside.interrupt.check()
        batch = slice(step * size, (step + 1) * size)
        done = (epoch - 1) * steps + step
        share = schedule_at(task.recipe, done, steps * task.recipe.epochs)
        probabilities = training.step(images[batch], targets[batch], share)
        loss -= float((targets[batch] * np.log(np.maximum(probabilities, 1e-7))).sum())
        right += int((probabilities.argmax(axis=1) == targets[batch].argmax(axis=1)).sum())
        outside.line.show(done + 1, f"epoch {epoch} of at most {task.recipe.epochs}")
    return check_finite(loss / len(images), epoch), right / len(images)

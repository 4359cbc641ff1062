"""Keras's own `fit`, one epoch at a time."""

from __future__ import annotations

import time
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets.large_arrays import is_large
from inkdigits.modelfile.keras_classifier import KerasClassifier, needs_xla
from inkdigits.networks.inputs import to_inputs
from inkdigits.training.checkpoint import Checkpoint
from inkdigits.training.engines.engine import OnStep, TrainedEpoch
from inkdigits.training.engines.keras.keras_pooling import with_fast_pooling
from inkdigits.training.engines.keras_optimizer import make_optimizer
from inkdigits.training.epoch_data import batches_of_epoch, pictures_of_epoch
from inkdigits.training.task import Task

__all__ = ["KerasSession", "jit_compile"]

# Distinguishes this stream of random numbers from the others that are drawn from the same seed.
_DROPOUT_STREAM = 3


def jit_compile() -> bool | str:
    """The argument `jit_compile` of Keras's `compile`."""
    return True if needs_xla(channels_first=keras.config.image_data_format() == "channels_first") else "auto"


class KerasSession:
    """A Keras model that is trained as `task` says. The time to the first step counts as compilation."""

    def __init__(self, model: keras.Model, task: Task) -> None:
        self.steps_per_epoch = task.steps_per_epoch
        self._task = task
        self._started: float | None = time.perf_counter()
        with task.devices.scope():
            self._model = with_fast_pooling(model)
            optimizer = make_optimizer(task.recipe, task.steps_per_epoch * task.recipe.epochs)
            optimizer.build(self._model.trainable_variables)
            self._model.compile(optimizer, "categorical_crossentropy", metrics=["accuracy"], jit_compile=jit_compile())

    def restore(self, checkpoint: Checkpoint) -> None:
        """Continue from `checkpoint`."""
        model = self._model
        for variables, values in (
            (model.variables, checkpoint.model),
            (model.optimizer.variables, checkpoint.optimizer),
        ):
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)

    def train_epoch(self, epoch: int, on_step: OnStep) -> TrainedEpoch:
        """Take the steps of epoch `epoch`."""
        task, compile_seconds = self._task, 0.0
        running: list[float] = []

        def after_batch(batch: int, logs: Any) -> None:
            nonlocal compile_seconds
            if self._started is not None:
                compile_seconds, self._started = time.perf_counter() - self._started, None
            running.append(float(logs["loss"]))
            on_step(batch + 1)

        # Seeded at the epoch's begin, because `fit` itself draws random numbers when it first sees a model.
        callback = keras.callbacks.LambdaCallback(
            on_epoch_begin=lambda *_: _seed_dropout(task.seed, epoch), on_train_batch_end=after_batch
        )
        with task.devices.scope():
            history = self._model.fit(**self._pictures(epoch), shuffle=False, verbose=0, callbacks=[callback]).history
        # Keras reports the mean loss of all batches up to each.
        sums = np.array(running) * np.arange(1, len(running) + 1)
        steps = tuple(np.diff(sums, prepend=0.0).tolist())
        return TrainedEpoch(history["loss"][-1], history["accuracy"][-1], steps, compile_seconds)

    def _pictures(self, epoch: int) -> dict[str, Any]:
        """What this process feeds in epoch `epoch`, as arguments of `fit`: arrays, or batches of digits in a file."""
        task = self._task
        if is_large(len(task.train)):
            batches = batches_of_epoch(task.train, task.recipe, task.seed, epoch)
            fed = (self._fed(*batch) for batch in batches if len(batch[0]) >= task.devices.n)
            return {"x": fed, "steps_per_epoch": task.steps_per_epoch}
        inputs, targets = self._fed(*pictures_of_epoch(task.train, task.recipe, task.seed, epoch))
        return {"x": inputs, "y": targets, "batch_size": task.recipe.batch_size // task.devices.processes}

    def _fed(self, images: NDArray[np.uint8], targets: NDArray[np.float32]) -> tuple[Any, Any]:
        """The part of these pictures, whole batches, that this process feeds."""
        fed = self._task.devices.part(len(images), self._task.recipe.batch_size)
        return to_inputs(images[fed], tuple(self._model.input_shape[1:]) == (1, 28, 28)), targets[fed]

    def predict_validation(self) -> NDArray[np.float32]:
        """Probabilities of the validation digits.

        Not in the devices' scope: every device computes all of them, so that they need not be divided evenly.
        """
        return KerasClassifier(self._model).predict_proba(self._task.validation.images)

    def best_weights(self, probabilities: NDArray[np.float32]) -> list[NDArray[Any]]:
        """The model's weights."""
        weights: list[NDArray[Any]] = self._model.get_weights()
        return weights

    def state(self) -> tuple[list[NDArray[Any]], list[NDArray[Any]]]:
        """The variables of the model, with the states of random layers, and of the optimizer."""
        return _arrays(self._model.variables), _arrays(self._model.optimizer.variables)


def _arrays(variables: list[Any]) -> list[NDArray[Any]]:
    # Copies: on a CPU a backend may return a view of memory that the next epoch overwrites.
    return [np.array(keras.ops.convert_to_numpy(variable.value)) for variable in variables]


def _seed_dropout(seed: int, epoch: int) -> None:
    """Give the epoch random numbers of its own, which a training resumed there draws too.

    Only torch needs it: its dropout draws from torch's one generator, which no checkpoint of Keras's variables holds.
    """
    if keras.backend.backend() == "torch":
        import torch

        torch.manual_seed(int(np.random.SeedSequence([seed, _DROPOUT_STREAM, epoch]).generate_state(1)[0]))

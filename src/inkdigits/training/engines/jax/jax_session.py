"""Every epoch as one compiled program, for a GPU or TPU on JAX: no step waits for Python.

The digits lie on the device as bytes; the program shuffles and warps them and takes all steps by `lax.scan`. On a CPU
it gives the same weights, slowly: convolutions inside a loop of XLA's are not multithreaded there.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import keras
import numpy as np
from jax import lax
from jax import numpy as jnp
from numpy.typing import NDArray

from inkdigits.datasets.labelled import CLASSES
from inkdigits.training.checkpoint import Checkpoint
from inkdigits.training.engines.engine import OnStep, TrainedEpoch
from inkdigits.training.engines.jax.jax_warp import warp
from inkdigits.training.engines.keras_optimizer import make_optimizer
from inkdigits.training.epoch_data import smoothed_targets
from inkdigits.training.task import Task

__all__ = ["JaxSession", "order_of_epoch"]

_PREDICTED_AT_ONCE = 500  # pictures
_MIN_PROBABILITY = 1e-7  # as in Keras's cross-entropy


class Variables(NamedTuple):
    """What steps change."""

    trained: list[Any]
    others: list[Any]  # of layers: moving averages, random states
    optimizer: list[Any]


class JaxSession:
    """A Keras model that is trained as `task` says.

    An epoch leaves out the pictures that do not fill a batch, others every time. An interrupt is noticed between two
    epochs.
    """

    def __init__(self, model: keras.Model, task: Task) -> None:
        self.steps_per_epoch = len(task.train) // task.recipe.batch_size
        self._model, self._task = model, task
        optimizer = make_optimizer(task.recipe, self.steps_per_epoch * task.recipe.epochs)
        optimizer.build(model.trainable_variables)
        groups = (model.trainable_variables, model.non_trainable_variables, optimizer.variables)
        self._variables = Variables(*([variable.value for variable in group] for group in groups))
        targets = smoothed_targets(task.train.labels, task.recipe.label_smoothing)
        self._digits = jax.device_put((task.train.images, targets))
        self._validation = jax.device_put(task.validation.images)
        self._epoch: Any = jax.jit(_epoch_program(model, optimizer, task, self.steps_per_epoch))
        self._predict: Any = jax.jit(_prediction_program(model, len(task.validation)))
        self._compiled = False

    def restore(self, checkpoint: Checkpoint) -> None:
        """Continue from `checkpoint`."""
        n = len(self._variables.trained)
        groups = (checkpoint.model[:n], checkpoint.model[n:], checkpoint.optimizer)
        self._variables = Variables(*([jnp.asarray(value) for value in group] for group in groups))

    def train_epoch(self, epoch: int, on_step: OnStep) -> TrainedEpoch:
        """Take the steps of epoch `epoch`."""
        number = jnp.asarray(epoch, jnp.int32)
        compile_seconds = self._compile(number)
        self._variables, curve = self._epoch(self._variables, *self._digits, number)
        (loss, right), steps = (np.asarray(values, np.float64).tolist() for values in curve)
        return TrainedEpoch(loss, right, tuple(steps), compile_seconds)

    def _compile(self, number: Any) -> float:
        """Compile both programs; returns the seconds that took, zero from the second call on."""
        started = time.perf_counter()
        if not self._compiled:
            self._epoch = self._epoch.lower(self._variables, *self._digits, number).compile()
            self._predict = self._predict.lower(self._variables, self._validation).compile()
            self._compiled = True
        return time.perf_counter() - started

    def predict_validation(self) -> NDArray[np.float32]:
        """Probabilities of the validation digits."""
        return np.asarray(self._predict(self._variables, self._validation))

    def best_weights(self, probabilities: NDArray[np.float32]) -> list[NDArray[Any]]:
        """The variables as the model's weights."""
        model, variables = self._model, self._variables
        for group, values in (
            (model.trainable_variables, variables.trained),
            (model.non_trainable_variables, variables.others),
        ):
            for variable, value in zip(group, values, strict=True):
                variable.assign(value)
        weights: list[NDArray[Any]] = model.get_weights()
        return weights

    def state(self) -> tuple[list[NDArray[Any]], list[NDArray[Any]]]:
        """The variables of the model, the trained ones first, and of the optimizer."""
        trained, others, optimizer = ([np.asarray(value) for value in group] for group in self._variables)
        return trained + others, optimizer


def order_of_epoch(seed: int, epoch: int, n: int) -> Any:
    """The order int (n,) of `n` pictures in epoch `epoch`, counted from 1, drawn on the device."""
    return jax.random.permutation(jax.random.fold_in(jax.random.key(seed), epoch), n)


def _call(model: keras.Model, variables: Variables, images: Any, training: bool) -> tuple[Any, list[Any]]:
    """Probabilities (n, 10) for pictures (n, 28, 28) with values of 0 to 255, and the other variables afterwards."""
    axis = 1 if tuple(model.input_shape[1:]) == (1, 28, 28) else -1
    inputs = jnp.expand_dims(images.astype(jnp.float32) / 255, axis)
    probabilities, others = model.stateless_call(variables.trained, variables.others, inputs, training=training)
    return probabilities, others


def _epoch_program(
    model: keras.Model, optimizer: keras.optimizers.Optimizer, task: Task, steps: int
) -> Callable[..., Any]:
    """One epoch: from variables, digits, targets and the epoch's number to variables, and the mean loss and accuracy
    with the losses of the steps."""
    recipe, size = task.recipe, task.recipe.batch_size

    def step(variables: Variables, images: Any, targets: Any) -> tuple[Variables, Any]:
        def loss_of(trained: list[Any]) -> tuple[Any, Any]:
            probabilities, others = _call(model, variables._replace(trained=trained), images, training=True)
            losses = -(targets * jnp.log(jnp.clip(probabilities, _MIN_PROBABILITY, 1))).sum(axis=1)
            right = probabilities.argmax(axis=1) == targets.argmax(axis=1)
            return losses.mean(), (right.mean(), others)

        (loss, (right, others)), gradients = jax.value_and_grad(loss_of, has_aux=True)(variables.trained)
        trained, state = optimizer.stateless_apply(variables.optimizer, gradients, variables.trained)
        return Variables(trained, others, state), jnp.stack([loss, right])

    def epoch(variables: Variables, images: Any, targets: Any, number: Any) -> tuple[Variables, Any]:
        order = order_of_epoch(task.seed, number, len(images))[: steps * size].reshape(steps, size)
        keys = jax.random.split(jax.random.fold_in(jax.random.key(task.seed), -number), steps)

        def batch(variables: Variables, chosen: Any) -> tuple[Variables, Any]:
            rows, key = chosen
            pictures = warp(images[rows], key, recipe.augmentation) if recipe.augmentation else images[rows]
            return step(variables, pictures, targets[rows])

        variables, curve = lax.scan(batch, variables, (order, keys))
        return variables, (curve.mean(axis=0), curve[:, 0])

    return epoch


def _prediction_program(model: keras.Model, n: int) -> Callable[..., Any]:
    """From variables and `n` pictures to their probabilities (n, 10), in equal parts."""

    def predict(variables: Variables, images: Any) -> Any:
        padded = jnp.pad(images, [(0, -n % _PREDICTED_AT_ONCE), (0, 0), (0, 0)])
        parts = padded.reshape(-1, _PREDICTED_AT_ONCE, *images.shape[1:])
        probabilities = lax.map(lambda part: _call(model, variables, part, training=False)[0], parts)
        return probabilities.reshape(-1, CLASSES)[:n]

    return predict

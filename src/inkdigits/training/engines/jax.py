"""A whole training as one compiled program, for a GPU or TPU on JAX: Python has no part in it between first and last.

The digits lie on the device as bytes. The program shuffles and bends them, takes all steps by `lax.scan`, judges every
epoch on the validation part and keeps the best weights. On a CPU it gives the same weights, slowly: convolutions inside
a loop of XLA's lose their threads there.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import keras
import numpy as np
from jax import lax
from jax import numpy as jnp
from numpy.typing import NDArray

from inkdigits.datasets.labelled import CLASSES, LabelledDigits
from inkdigits.networks.inputs import one_hot
from inkdigits.system.interrupts import interruptible
from inkdigits.training.checkpoint import (
    Checkpoint,
    EpochRecord,
    OnEpoch,
    Progress,
    latest_checkpoint,
    save_checkpoint,
)
from inkdigits.training.engines.jax_warp import warp
from inkdigits.training.engines.keras_optimizer import make_optimizer
from inkdigits.training.progress import progress_line
from inkdigits.training.task import Task, check_finite

__all__ = ["fit", "order_of_epoch"]

_JUDGED_AT_ONCE = 500  # pictures
_SMALLEST = 1e-7  # probability, as in Keras's cross-entropy


class Variables(NamedTuple):
    """What steps change."""

    trained: list[Any]
    others: list[Any]  # of layers: moving averages, random states
    optimizer: list[Any]


class Pictures(NamedTuple):
    """Pictures uint8 (n, 28, 28), their targets (n, 10), and how much each counts (n,)."""

    images: Any
    targets: Any
    weights: Any


def fit(model: keras.Model, task: Task, quiet: bool = True, on_epoch: OnEpoch = lambda record: True) -> Progress:
    """Train `model` in place, as `training.fit.fit` does, and leave it with its best weights.

    An epoch leaves out the pictures that fill no batch, others every time. `on_epoch` is told of every epoch once all
    are over, and can end nothing. A training that was killed begins again. Raises `TrainingDivergedError` when a loss
    became NaN or infinite.
    """
    finished = latest_checkpoint(task.checkpoints)
    if finished is None:
        finished = _trained(model, task, quiet)
        save_checkpoint(task.checkpoints, finished)
    model.set_weights(finished.best)
    for record in finished.progress.history:
        on_epoch(record)
    return finished.progress


def order_of_epoch(seed: int, epoch: int, n: int) -> Any:
    """The order int (n,) of `n` pictures in epoch `epoch`, counted from 1, drawn on the device."""
    return jax.random.permutation(jax.random.fold_in(jax.random.key(seed), epoch), n)


def _trained(model: keras.Model, task: Task, quiet: bool) -> Checkpoint:
    optimizer = make_optimizer(task.recipe, _steps(task) * task.recipe.epochs)
    optimizer.build(model.trainable_variables)
    began = Variables(*([v.value for v in group] for group in _groups(model, optimizer)))
    arguments = (began, _pictures(task.train, task.recipe.label_smoothing), _padded(_pictures(task.validation, 0.0)))
    with interruptible() as interrupt, progress_line(1, quiet) as line:
        started = time.perf_counter()
        program = jax.jit(_program(model, optimizer, task)).lower(*arguments).compile()
        compiled = time.perf_counter()
        interrupt.check()
        line.show(0, f"all {task.recipe.epochs} epochs")
        ended, best, curves = jax.block_until_ready(program(*arguments))
        seconds = time.perf_counter() - compiled
        interrupt.check()
    progress = _progress(np.asarray(curves, np.float64), compiled - started, seconds, task.recipe.keep)
    _assign(model, best)
    return Checkpoint(progress, _arrays(ended.trained + ended.others), _arrays(ended.optimizer), model.get_weights())


def _steps(task: Task) -> int:
    return len(task.train) // task.recipe.batch_size


def _groups(model: keras.Model, optimizer: keras.optimizers.Optimizer) -> tuple[list[Any], list[Any], list[Any]]:
    return model.trainable_variables, model.non_trainable_variables, optimizer.variables


def _pictures(digits: LabelledDigits, smoothing: float) -> Pictures:
    targets = one_hot(digits.labels) * np.float32(1 - smoothing) + np.float32(smoothing / CLASSES)
    return Pictures(digits.images, targets, np.ones(len(digits), np.float32))


def _padded(pictures: Pictures) -> Pictures:
    """With pictures that count nothing behind them, so that they can be judged in equal parts."""
    missing = -len(pictures.images) % _JUDGED_AT_ONCE
    return Pictures(*(np.pad(part, [(0, missing)] + [(0, 0)] * (part.ndim - 1)) for part in pictures))


@dataclass(frozen=True)
class _Losses:
    """The cross-entropies of a network, and where it is right, for pictures uint8 (n, 28, 28)."""

    model: keras.Model

    def __call__(self, variables: Variables, images: Any, targets: Any, training: bool) -> tuple[Any, Any, list[Any]]:
        """Losses in nats (n,), whether each is right (n,), and the other variables afterwards."""
        axis = 1 if tuple(self.model.input_shape[1:]) == (1, 28, 28) else -1
        inputs = jnp.expand_dims(images.astype(jnp.float32) / 255, axis)
        probabilities, others = self.model.stateless_call(
            variables.trained, variables.others, inputs, training=training
        )
        losses = -(targets * jnp.log(jnp.clip(probabilities, _SMALLEST, 1))).sum(axis=1)
        return losses, probabilities.argmax(axis=1) == targets.argmax(axis=1), others


def _program(model: keras.Model, optimizer: keras.optimizers.Optimizer, task: Task) -> Callable[..., Any]:
    """All epochs: from variables, pictures to learn from and to judge by, to variables, the best, and the curves."""
    recipe, size, steps, losses = task.recipe, task.recipe.batch_size, _steps(task), _Losses(model)

    def step(variables: Variables, images: Any, targets: Any) -> tuple[Variables, Any]:
        def loss_of(trained: list[Any]) -> tuple[Any, Any]:
            each, right, others = losses(variables._replace(trained=trained), images, targets, training=True)
            return each.mean(), (right.mean(), others)

        (loss, (right, others)), gradients = jax.value_and_grad(loss_of, has_aux=True)(variables.trained)
        trained, state = optimizer.stateless_apply(variables.optimizer, gradients, variables.trained)
        return Variables(trained, others, state), jnp.stack([loss, right])

    def epoch(variables: Variables, learnt: Pictures, number: Any) -> tuple[Variables, Any]:
        order = order_of_epoch(task.seed, number, len(learnt.images))[: steps * size].reshape(steps, size)
        keys = jax.random.split(jax.random.fold_in(jax.random.key(task.seed), -number), steps)

        def batch(variables: Variables, chosen: Any) -> tuple[Variables, Any]:
            rows, key = chosen
            images = warp(learnt.images[rows], key, recipe.augmentation) if recipe.augmentation else learnt.images[rows]
            return step(variables, images, learnt.targets[rows])

        variables, curve = lax.scan(batch, variables, (order, keys))
        return variables, curve.mean(axis=0)

    def training(variables: Variables, learnt: Pictures, judged: Pictures) -> Any:
        learnt, judged = (Pictures(*map(jnp.asarray, pictures)) for pictures in (learnt, judged))

        def one(carried: Any, number: Any) -> Any:
            variables, best, lowest = carried
            variables, curve = epoch(variables, learnt, number)
            loss, right = _judged(losses, variables, judged)
            better = (loss < lowest) | (recipe.keep == "last")
            best = jax.tree.map(lambda now, before: jnp.where(better, now, before), variables, best)
            return (variables, best, jnp.where(better, loss, lowest)), jnp.stack([*curve, loss, right])

        begun = (variables, variables, jnp.inf)
        (ended, best, _), curves = lax.scan(one, begun, jnp.arange(1, recipe.epochs + 1))
        return ended, best, curves

    return training


def _judged(losses: _Losses, variables: Variables, pictures: Pictures) -> tuple[Any, Any]:
    """The mean loss in nats of `pictures`, and the share that is right."""
    parts = Pictures(*(part.reshape(-1, _JUDGED_AT_ONCE, *part.shape[1:]) for part in pictures))

    def part(_: None, chosen: Pictures) -> tuple[None, Any]:
        each, right, _others = losses(variables, chosen.images, chosen.targets, training=False)
        return None, jnp.stack([(each * chosen.weights).sum(), (right * chosen.weights).sum()])

    _, sums = lax.scan(part, None, parts)
    loss, right = sums.sum(axis=0) / pictures.weights.sum()
    return loss, right


def _progress(curves: NDArray[np.float64], compiling: float, seconds: float, keep: str) -> Progress:
    progress = Progress(compile_seconds=compiling)
    for number, (loss, right, val_loss, val_right) in enumerate(curves.tolist(), start=1):
        losses = check_finite(loss, number), check_finite(val_loss, number)
        record = EpochRecord(number, losses[0], right, losses[1], val_right, seconds / len(curves))
        progress = progress.after(record, keep=keep)
    return progress


def _assign(model: keras.Model, best: Variables) -> None:
    for group, values in ((model.trainable_variables, best.trained), (model.non_trainable_variables, best.others)):
        for variable, value in zip(group, values, strict=True):
            variable.assign(value)


def _arrays(values: list[Any]) -> list[NDArray[Any]]:
    return [np.asarray(value) for value in values]

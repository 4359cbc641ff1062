"""The loop: epochs, validation, early stopping, and a checkpoint after every epoch."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from inkdigits.modelfile.keras_classifier import KerasClassifier
from inkdigits.networks.inputs import to_inputs
from inkdigits.stats.scores import accuracy, log_loss
from inkdigits.system.interrupts import interruptible
from inkdigits.training.checkpoint import (
    Checkpoint,
    EpochRecord,
    OnEpoch,
    Progress,
    latest_checkpoint,
    save_checkpoint,
)
from inkdigits.training.engines.keras_callbacks import Watch
from inkdigits.training.engines.keras_optimizer import make_optimizer
from inkdigits.training.engines.keras_pooling import with_fast_pooling
from inkdigits.training.epoch_data import pictures_of_epoch
from inkdigits.training.progress import progress_line
from inkdigits.training.task import Task, check_finite

__all__ = ["fit", "jit_compile"]

# Parts this stream of random numbers from the others that are drawn from the same seed.
_DROPOUT_STREAM = 3


def fit(model: keras.Model, task: Task, quiet: bool = True, on_epoch: OnEpoch = lambda record: True) -> Progress:
    """Train `model` in place, from its last checkpoint where there is one, and leave it with its best weights.

    The best weights are those of the epoch with the lowest validation loss. Raises `TrainingDivergedError` when a loss
    becomes NaN or infinite; the checkpoint of the epoch before stays.
    """
    with interruptible() as interrupt:
        with task.devices.scope():
            trained = _compiled(with_fast_pooling(model), task)
        state = latest_checkpoint(task.checkpoints) or Checkpoint()
        if state.model:
            _restore(trained, state)
        steps, epochs = task.steps_per_epoch, task.recipe.epochs
        with progress_line(steps * epochs, quiet) as line:
            watch = Watch(line, interrupt, steps, epochs)
            state = _all_epochs(trained, task, state, watch, on_epoch)
    model.set_weights(state.best)
    return state.progress


def _all_epochs(model: keras.Model, task: Task, state: Checkpoint, watch: Watch, on_epoch: OnEpoch) -> Checkpoint:
    going_on = True
    while going_on and not state.progress.ended(task.recipe.epochs, task.recipe.patience):
        watch.interrupt.check()
        state = _one_epoch(model, task, state, watch)
        save_checkpoint(task.checkpoints, state)
        going_on = on_epoch(state.progress.history[-1])
    watch.interrupt.check()
    return state


def _compiled(model: keras.Model, task: Task) -> keras.Model:
    optimizer = make_optimizer(task.recipe, task.steps_per_epoch * task.recipe.epochs)
    optimizer.build(model.trainable_variables)
    model.compile(optimizer, "categorical_crossentropy", metrics=["accuracy"], jit_compile=jit_compile())
    return model


def jit_compile() -> bool | str:
    """What Keras's `compile` is told of XLA.

    TensorFlow cannot differentiate a channels-first convolution on a CPU unless XLA compiles it.
    """
    if keras.backend.backend() == "tensorflow" and keras.config.image_data_format() == "channels_first":
        return True
    return "auto"


def _restore(model: keras.Model, state: Checkpoint) -> None:
    for variables, values in ((model.variables, state.model), (model.optimizer.variables, state.optimizer)):
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)


def _one_epoch(model: keras.Model, task: Task, state: Checkpoint, watch: Watch) -> Checkpoint:
    epoch = len(state.progress.history) + 1
    watch.at_epoch = epoch
    started = time.perf_counter()
    images, targets = pictures_of_epoch(task.train, task.recipe, task.seed, epoch)
    # At the epoch's begin, because `fit` itself draws random numbers when it first sees a model.
    reseed = keras.callbacks.LambdaCallback(on_epoch_begin=lambda *_: _reseed(task.seed, epoch))
    fed = task.devices.part(len(images), task.recipe.batch_size)
    with task.devices.scope():
        history = model.fit(
            to_inputs(images[fed], tuple(model.input_shape[1:]) == (1, 28, 28)),
            targets[fed],
            batch_size=task.recipe.batch_size // task.devices.processes,
            shuffle=False,
            verbose=0,
            callbacks=[watch, reseed],
        ).history
    # Outside the scope: every device computes the whole of it, so that its size need not be shared evenly.
    probabilities = KerasClassifier(model).predict_proba(task.validation.images)
    record = EpochRecord(
        epoch=epoch,
        loss=history["loss"][-1],
        accuracy=history["accuracy"][-1],
        val_loss=check_finite(log_loss(task.validation.labels, probabilities), epoch),
        val_accuracy=accuracy(task.validation.labels, probabilities),
        seconds=time.perf_counter() - started,
    )
    return _advanced(model, state, record, watch.take_compile_seconds(), task.recipe.keep)


def _reseed(seed: int, epoch: int) -> None:
    """Give the epoch random numbers of its own, which a training resumed there draws too.

    Only torch needs it: its dropout draws from torch's one generator, which no checkpoint of Keras's variables holds.
    """
    if keras.backend.backend() == "torch":
        import torch

        torch.manual_seed(int(np.random.SeedSequence([seed, _DROPOUT_STREAM, epoch]).generate_state(1)[0]))


def _advanced(model: keras.Model, state: Checkpoint, record: EpochRecord, compiling: float, keep: str) -> Checkpoint:
    """The checkpoint after `record`'s epoch."""
    progress = state.progress.after(record, compiling, keep)
    return replace(
        state,
        progress=progress,
        model=[_array(variable) for variable in model.variables],
        optimizer=[_array(variable) for variable in model.optimizer.variables],
        best=model.get_weights() if progress.best_epoch == record.epoch else state.best,
    )


def _array(variable: Any) -> NDArray[Any]:
    # A copy: on a CPU a backend may hand out a view of memory that the next epoch overwrites.
    return np.array(keras.ops.convert_to_numpy(variable.value))

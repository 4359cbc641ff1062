"""The loop of every training: epochs, validation, early stopping, checkpoints, interrupts and resuming."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from inkdigits.errors import TrainingDivergedError
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
from inkdigits.training.engines.engine import OnStep, Session
from inkdigits.training.engines.engine_registry import engine_of
from inkdigits.training.progress import progress_line
from inkdigits.training.task import Task

if TYPE_CHECKING:
    import keras

    from inkdigits.networks.plain_network import PlainNetwork

__all__ = ["fit"]


def fit(
    model: keras.Model | PlainNetwork, task: Task, quiet: bool = True, on_epoch: OnEpoch = lambda record: True
) -> Progress:
    """Train `model` in place on its recipe's engine, from its last checkpoint where there is one.

    It is left with the weights of its best epoch. When `on_epoch` returns False the training ends there. Raises
    `TrainingDivergedError` when a loss becomes NaN or infinite, `KeyboardInterrupt` between two steps; the checkpoint
    of the epoch before stays.
    """
    recipe = task.recipe
    with interruptible() as interrupt, engine_of(recipe).open_session(model, task) as session:
        checkpoint = latest_checkpoint(task.checkpoints) or Checkpoint()
        if checkpoint.model:
            session.restore(checkpoint)
        steps = session.steps_per_epoch
        with progress_line(steps * recipe.epochs, quiet) as line:

            def on_step(done: int) -> None:
                interrupt.check()
                epoch = len(checkpoint.progress.history) + 1
                line.show((epoch - 1) * steps + done, f"epoch {epoch} of at most {recipe.epochs}")

            proceed = True
            while proceed and not checkpoint.progress.ended(recipe.epochs, recipe.patience):
                on_step(0)
                checkpoint = _one_epoch(session, task, checkpoint, on_step)
                save_checkpoint(task.checkpoints, checkpoint)
                proceed = on_epoch(checkpoint.progress.history[-1])
            interrupt.check()
    model.set_weights(checkpoint.best)
    return checkpoint.progress


def _one_epoch(session: Session, task: Task, before: Checkpoint, on_step: OnStep) -> Checkpoint:
    epoch = len(before.progress.history) + 1
    started = time.perf_counter()
    trained = session.train_epoch(epoch, on_step)
    loss = _check_finite(trained.loss, epoch)
    probabilities = session.predict_validation()
    record = EpochRecord(
        epoch=epoch,
        loss=loss,
        accuracy=trained.accuracy,
        val_loss=_check_finite(log_loss(task.validation.labels, probabilities), epoch),
        val_accuracy=accuracy(task.validation.labels, probabilities),
        seconds=time.perf_counter() - started,
    )
    progress = before.progress.after(record, trained.compile_seconds, task.recipe.keep, trained.step_losses)
    best = session.best_weights(probabilities) if progress.best_epoch == epoch else before.best
    return Checkpoint(progress, *session.state(), best)


def _check_finite(loss: float, epoch: int) -> float:
    """`loss`, or `TrainingDivergedError` when it is NaN or infinite."""
    if not math.isfinite(loss):
        raise TrainingDivergedError(
            f"the loss became {loss} in epoch {epoch}, so the training stopped: try a learning rate ten times lower"
        )
    return loss

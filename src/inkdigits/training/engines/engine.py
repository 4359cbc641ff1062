"""What an engine is: data that say what it can train, and a session that takes the steps.

The modules of the engines that hold these data import neither Keras nor JAX; a session's module may.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import RecipeError
from inkdigits.training.backend import AUTO, NUMPY_BACKEND, Backend, choose_backend

if TYPE_CHECKING:
    import keras

    from inkdigits.training.checkpoint import Checkpoint
    from inkdigits.training.recipes import Recipe
    from inkdigits.training.task import Task

__all__ = ["KERAS_OPTIMIZERS", "Engine", "OnStep", "Session", "TrainedEpoch"]

# Those of `keras_optimizer.make_optimizer`.
KERAS_OPTIMIZERS = ("rmsprop", "adam", "sgd")

# Called between two steps with the number of steps done in the epoch; raises KeyboardInterrupt to stop there.
OnStep = Callable[[int], None]


@dataclass(frozen=True)
class TrainedEpoch:
    """The mean loss in nats and the accuracy in [0, 1] of an epoch's batches, each before its step.

    `step_losses` are the mean losses of the batches one by one.
    """

    loss: float
    accuracy: float
    step_losses: tuple[float, ...]
    compile_seconds: float = 0.0  # of the epoch's time


class Session(Protocol):
    """One training on an engine; the epoch loop calls it."""

    steps_per_epoch: int

    def restore(self, checkpoint: Checkpoint) -> None:
        """Continue from `checkpoint`."""

    def train_epoch(self, epoch: int, on_step: OnStep) -> TrainedEpoch:
        """Take the steps of epoch `epoch`, counted from 1."""

    def predict_validation(self) -> NDArray[np.float32]:
        """Probabilities float32 (n, 10) of the validation digits."""

    def best_weights(self, probabilities: NDArray[np.float32]) -> list[NDArray[Any]]:
        """The weights to keep, in Keras's order, when the epoch is the best; `probabilities` are of validation."""

    def state(self) -> tuple[list[NDArray[Any]], list[NDArray[Any]]]:
        """Everything that `restore` needs: of the model, and of the optimizer."""


@dataclass(frozen=True)
class Engine:
    """What runs the steps of a training, and what it can train."""

    name: str
    optimizers: tuple[str, ...]
    backends: tuple[str, ...]  # Keras backends that the model may be on
    open_session: Callable[[keras.Model, Task], AbstractContextManager[Session]]
    networks: tuple[str, ...] | None = None  # None: any
    must_be_zero: tuple[str, ...] = ()  # hyperparameters that it does not have
    whole_batches: bool = False  # digits that do not fill a batch are left out
    runs_on: str | None = None  # where, in words; None: on as many devices as wanted
    # The Keras backend that suffices to build a network with its initial weights, where the steps need none.
    initial_weights_backend: str | None = None
    # Replaces initial weights that a backend drew by those of a seed alone; None: they depend on the backend.
    draw_initial_weights: Callable[[keras.Model], None] | None = None

    def check_recipe(self, recipe: Recipe) -> None:
        """Raise `RecipeError` for hyperparameters that the engine does not have."""
        if recipe.optimizer not in self.optimizers:
            raise RecipeError(
                f"optimizer must be one of {', '.join(self.optimizers)} with engine {self.name}, got "
                f"{recipe.optimizer!r}"
            )
        for hyperparameter in self.must_be_zero:
            if value := getattr(recipe, hyperparameter):
                raise RecipeError(f"{hyperparameter} must be 0 with engine {self.name}, got {value:g}")

    def check(self, network: str, backend: Backend) -> None:
        """Raise `RecipeError` when the engine cannot train `network` on `backend`, which `resolve_backend` returned."""
        if self.networks is not None and network not in self.networks:
            raise RecipeError(
                f"engine {self.name} trains {' and '.join(self.networks)}, got {network}: choose engine keras"
            )
        if backend.name not in self.backends:
            reason = ", which computes no gradients" if backend.name == NUMPY_BACKEND else ""
            raise RecipeError(
                f"engine {self.name} runs on the {' or '.join(self.backends)} backend, got {backend.name}{reason}: "
                f"choose --backend {self.backends[0]}, or --recipe sprint"
            )
        if self.runs_on and backend.devices != 1:
            raise RecipeError(
                f"engine {self.name} trains on {self.runs_on}, got --devices {backend.devices}: choose another recipe, "
                "or --set engine=keras"
            )

    def check_data(self, recipe: Recipe, n: int) -> None:
        """Raise `RecipeError` when `n` digits are too few to train on."""
        if self.whole_batches and n < recipe.batch_size:
            raise RecipeError(
                f"batch_size {recipe.batch_size} is more than the {n} digits to train on: take a smaller one"
            )

    def resolve_backend(self, backend: Backend | None) -> Backend:
        """`backend` with a name in place of `AUTO`: the default, or the one that suffices and starts soonest.

        The latter is for a process that does nothing else with Keras, since it cannot change its backend afterwards.
        None is always the default.
        """
        if backend is None:
            return Backend(choose_backend())
        if backend.name != AUTO:
            return backend
        undecided = "keras" not in sys.modules and not os.environ.get("KERAS_BACKEND")
        if self.initial_weights_backend and undecided and backend.devices == 1 and find_spec("jax"):
            return replace(backend, name=self.initial_weights_backend)
        return replace(backend, name=choose_backend())

"""What an engine is: data that say what it can train, and a session that takes the steps.

The modules of the engines that hold these data import neither Keras nor JAX; a session's module may.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import RecipeError
from inkdigits.modelfile.load import Classifier
from inkdigits.networks.plain_network import PlainNetwork
from inkdigits.system.memory import free_memory
from inkdigits.training.backend import AUTO, NUMPY_BACKEND, WITHOUT_KERAS, Backend, choose_backend

if TYPE_CHECKING:
    import keras

    from inkdigits.training.checkpoint import Checkpoint
    from inkdigits.training.recipes import Recipe
    from inkdigits.training.task import Task

__all__ = ["KERAS_OPTIMIZERS", "Engine", "OnStep", "Session", "TrainedEpoch"]

# Those of `keras_optimizer.make_optimizer`.
KERAS_OPTIMIZERS = ("rmsprop", "adam", "sgd")

_HELD_BYTES = 28 * 28 + 10 * 4  # of a picture and its target
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
    open_session: Callable[[keras.Model | PlainNetwork, Task], AbstractContextManager[Session]]
    networks: tuple[str, ...] | None = None  # None: any
    must_be_zero: tuple[str, ...] = ()  # hyperparameters that it does not have
    whole_batches: bool = False  # digits that do not fill a batch are left out
    holds_all: bool = False  # all digits and their targets are in memory at once
    runs_on: str | None = None  # where, in words; None: on as many devices as wanted
    # The network of a name with the initial weights of a seed, without Keras; None: the engine needs Keras.
    initial_network: Callable[[str, int], PlainNetwork] | None = None
    # What classifies with such a network.
    classifier: Callable[[PlainNetwork], Classifier] | None = None

    def classifier_of(self, model: keras.Model | PlainNetwork) -> Classifier:
        """What classifies with `model`, a network as it is or in Keras."""
        if self.classifier and isinstance(model, PlainNetwork):
            return self.classifier(model)
        from inkdigits.modelfile.keras_classifier import KerasClassifier

        return KerasClassifier(model)

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
            reason = ", which computes no gradients" if backend.name in (NUMPY_BACKEND, WITHOUT_KERAS) else ""
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
        """Raise `RecipeError` when `n` digits are too few to train on, or too many to hold."""
        if self.whole_batches and n < recipe.batch_size:
            raise RecipeError(
                f"batch_size {recipe.batch_size} is more than the {n} digits to train on: take a smaller one"
            )
        needed, free = n * _HELD_BYTES, free_memory()
        if self.holds_all and free is not None and needed > free:
            raise RecipeError(
                f"engine {self.name} holds all {n:,} digits at once, {needed / 1e9:.1f} GB, and {free / 1e9:.1f} GB of "
                "memory are free: add --set engine=keras, which reads them in parts"
            )

    def resolve_backend(self, backend: Backend | None, *, starts_trained: bool = False) -> Backend:
        """`backend`, or where none is named (None or `AUTO`) `WITHOUT_KERAS` if the engine can, else the default.

        The weights of a trained network, with which a training `starts_trained`, are read by Keras.
        """
        if backend is not None and backend.name != AUTO:
            return backend
        backend = backend or Backend(AUTO)
        plain = backend.devices == 1 and backend.image_data_format in (None, "channels_last")
        if self.initial_network and plain and not starts_trained:
            return replace(backend, name=WITHOUT_KERAS)
        return replace(backend, name=choose_backend())

"""What a step of a training changes: a network, its optimizers, and how far they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inkdigits.stats.calibration import softmax
from inkdigits.training.checkpoint import Checkpoint, Progress
from inkdigits.training.engines.numpy.network import NumpyNetwork
from inkdigits.training.engines.numpy.optimizers import Adam, Muon
from inkdigits.training.engines.numpy.parameters import Parameters, Standard, folded_into_first
from inkdigits.training.engines.numpy.thread_pool import Lanes
from inkdigits.training.recipes import Recipe

__all__ = ["NumpyTraining"]

Floats = NDArray[np.float32]

_JUDGED_AT_ONCE = 256  # pictures


@dataclass
class NumpyTraining:
    """A network that takes standard pixels, and the optimizers that its recipe asks for."""

    network: NumpyNetwork
    standard: Standard
    recipe: Recipe
    adam: Adam
    muon: Muon | None

    @classmethod
    def of(cls, weights: Sequence[Floats], standard: Standard, recipe: Recipe, lanes: Lanes) -> NumpyTraining:
        """A training that begins with `weights`, which take standard pixels. Raises `RecipeError` as the network."""
        parameters = Parameters.of(weights)
        network = NumpyNetwork(parameters, lanes)
        everything = slice(0, len(parameters.values))
        if recipe.optimizer != "muon" or network.second_kernel is None:
            return cls(network, standard, recipe, Adam(parameters, (everything,)), None)
        place = parameters.place_of(network.second_kernel)
        rest = (slice(0, place.start), slice(place.stop, everything.stop))
        return cls(network, standard, recipe, Adam(parameters, rest), Muon(parameters, network.second_kernel))

    def step(self, images: NDArray[np.uint8], targets: Floats, share: float) -> Floats:
        """Learn from a batch, at a `share` of the recipe's learning rates; returns the probabilities before."""
        probabilities = self.network.differentiate(self.standard.apply(images), targets)
        if self.muon:
            self.muon.step(share * self.recipe.muon_learning_rate)
        self.adam.step(share * self.recipe.learning_rate, self.network.lanes)
        return probabilities

    def predict_proba(self, images: NDArray[np.uint8]) -> Floats:
        """Probabilities float32 (n, 10) for pictures uint8 (n, 28, 28)."""
        parts = [images[i : i + _JUDGED_AT_ONCE] for i in range(0, len(images), _JUDGED_AT_ONCE)]
        return softmax(np.concatenate([self.network.logits(self.standard.apply(part)) for part in parts])).astype(
            np.float32
        )

    @property
    def weights(self) -> list[Floats]:
        """Weights that take pixels in [0, 1]."""
        return folded_into_first(self.network.parameters.weights, self.standard)

    def checkpoint(self, progress: Progress, best: list[Floats]) -> Checkpoint:
        """Everything that a training needs to go on from here."""
        state = [*self.adam.state, *(self.muon.state if self.muon else [])]
        return Checkpoint(progress, [self.network.parameters.values], state, best)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on from `checkpoint`."""
        self.network.parameters.values[...] = checkpoint.model[0]
        self.adam.restore(checkpoint.optimizer[:3])
        if self.muon:
            self.muon.restore(checkpoint.optimizer[3:])

"""A network and its optimizers: everything that a step changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets.labelled import CLASSES
from inkdigits.stats.calibration import softmax
from inkdigits.training.engines.numpy.network import NumpyNetwork
from inkdigits.training.engines.numpy.optimizers import Adam, Muon
from inkdigits.training.engines.numpy.parameters import Parameters, PixelStatistics, fold_standardization
from inkdigits.training.engines.numpy.thread_pool import ThreadPool
from inkdigits.training.recipes import Recipe

__all__ = ["NumpyTraining"]

Floats = NDArray[np.float32]

_BATCH = 256  # pictures


@dataclass
class NumpyTraining:
    """A network of standardized pixels, and the optimizers of its recipe."""

    network: NumpyNetwork
    statistics: PixelStatistics
    recipe: Recipe
    adam: Adam
    muon: Muon | None

    @classmethod
    def of(
        cls, weights: Sequence[Floats], statistics: PixelStatistics, recipe: Recipe, pool: ThreadPool
    ) -> NumpyTraining:
        """A training that begins with `weights` for standardized pixels. Raises `RecipeError` as `NumpyNetwork`."""
        parameters = Parameters.of(weights)
        network = NumpyNetwork(parameters, pool)
        whole = slice(0, len(parameters.values))
        if recipe.optimizer != "muon" or network.second_kernel is None:
            return cls(network, statistics, recipe, Adam(parameters, (whole,)), None)
        place = parameters.slice_of(network.second_kernel)
        rest = (slice(0, place.start), slice(place.stop, whole.stop))
        return cls(network, statistics, recipe, Adam(parameters, rest), Muon(parameters, network.second_kernel))

    def step(self, images: NDArray[np.uint8], targets: Floats, factor: float) -> Floats:
        """Take a step at `factor` times the recipe's learning rates; returns the batch's probabilities before it."""
        probabilities = self.network.differentiate(self.statistics.standardize(images), targets)
        if self.muon:
            self.muon.step(factor * self.recipe.muon_learning_rate)
        self.adam.step(factor * self.recipe.learning_rate, self.network.pool)
        return probabilities

    def predict_proba(self, images: NDArray[np.uint8]) -> Floats:
        """Probabilities float32 (n, 10) for pictures uint8 (n, 28, 28)."""
        probabilities = np.empty((len(images), CLASSES), np.float32)
        for start in range(0, len(images), _BATCH):
            part = slice(start, start + _BATCH)
            probabilities[part] = softmax(self.network.logits(self.statistics.standardize(images[part])))
        return probabilities

    @property
    def weights(self) -> list[Floats]:
        """Weights for pixels in [0, 1]."""
        return fold_standardization(self.network.parameters.weights, self.statistics)

    @property
    def state(self) -> tuple[list[NDArray[Any]], list[NDArray[Any]]]:
        """Everything that `restore` needs: the weights as one vector, and the optimizers' state."""
        optimizers = [*self.adam.state, *(self.muon.state if self.muon else [])]
        return [self.network.parameters.values], optimizers

    def restore(self, model: Sequence[NDArray[Any]], optimizer: Sequence[NDArray[Any]]) -> None:
        """Continue from another's `state`."""
        self.network.parameters.values[...] = model[0]
        self.adam.restore(optimizer[:3])
        if self.muon:
            self.muon.restore(optimizer[3:])

"""Adam, block by block in a core's cache, and steps of equal strength in every direction for convolution kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.training.engines.numpy.parameters import Parameters
from inkdigits.training.engines.numpy.thread_pool import Lanes

__all__ = ["Adam", "Muon"]

Floats = NDArray[np.float32]

_BLOCK = 32_768  # weights, 128 KB: with gradient and both moments they fit in a core's own cache


class Adam:
    """Adam (Kingma and Ba 2015) with Keras's defaults, for those weights that `own` does not leave to another."""

    beta_1, beta_2, epsilon = 0.9, 0.999, 1e-7

    def __init__(self, parameters: Parameters, own: tuple[slice, ...]) -> None:
        self._parameters = parameters
        self._blocks = [
            slice(low, min(low + _BLOCK, part.stop)) for part in own for low in range(part.start, part.stop, _BLOCK)
        ]
        self.steps = 0
        self.mean = np.zeros_like(parameters.values)
        self.square = np.zeros_like(parameters.values)

    def step(self, rate: float, lanes: Lanes) -> None:
        """Take a step at learning rate `rate`; overwrites the gradient."""
        self.steps += 1
        corrected = rate * (1 - self.beta_2**self.steps) ** 0.5 / (1 - self.beta_1**self.steps)
        lanes.run(lambda lane: self._blocks_step(lane, lanes.count, corrected), range(lanes.count))

    def _blocks_step(self, lane: int, lanes: int, rate: float) -> None:
        scratch = np.empty(_BLOCK, np.float32)
        for block in self._blocks[lane::lanes]:
            gradient, mean, square = self._parameters.gradient[block], self.mean[block], self.square[block]
            change = scratch[: len(gradient)]
            np.multiply(gradient, np.float32(1 - self.beta_1), out=change)
            mean *= np.float32(self.beta_1)
            mean += change
            np.multiply(gradient, gradient, out=gradient)
            gradient *= np.float32(1 - self.beta_2)
            square *= np.float32(self.beta_2)
            square += gradient
            np.sqrt(square, out=change)
            change += np.float32(self.epsilon)
            np.divide(mean, change, out=change)
            change *= np.float32(rate)
            self._parameters.values[block] -= change

    @property
    def state(self) -> list[NDArray[Any]]:
        """What a training that goes on needs."""
        return [np.array(self.steps), self.mean, self.square]

    def restore(self, state: list[NDArray[Any]]) -> None:
        """Go on from another's `state`."""
        self.steps, self.mean[...], self.square[...] = int(state[0]), state[1], state[2]


class Muon:
    """Steps of equal strength in every direction of one kernel (Jordan 2024, "Muon"), seen as a matrix of its outputs.

    The momentum's singular values are brought near 1 by five steps of a Newton-Schulz iteration with Jordan's
    coefficients; the step is as long as Adam's would be by his factor sqrt(rows / columns).
    """

    momentum = 0.95
    coefficients = (3.4445, -4.7750, 2.0315)

    def __init__(self, parameters: Parameters, index: int) -> None:
        self._weight = parameters.weights[index].reshape(-1, parameters.weights[index].shape[-1])
        self._gradient = parameters.gradients[index].reshape(self._weight.shape)
        self._moving = np.zeros_like(self._weight)
        rows, columns = self._weight.shape
        self._length = max(1.0, rows / columns) ** 0.5

    def step(self, rate: float) -> None:
        """Take a step at learning rate `rate`, with Nesterov's momentum."""
        self._moving *= np.float32(self.momentum)
        self._moving += self._gradient
        ahead = self._gradient + np.float32(self.momentum) * self._moving
        self._weight -= np.float32(rate * self._length) * self._orthogonal(ahead)

    def _orthogonal(self, matrix: Floats) -> Floats:
        a, b, c = (np.float32(coefficient) for coefficient in self.coefficients)
        wide = (matrix / (np.linalg.norm(matrix) + np.float32(1e-7))).T
        for _ in range(5):
            square = wide @ wide.T
            wide = a * wide + (b * square + c * (square @ square)) @ wide
        upright: Floats = wide.T
        return upright

    @property
    def state(self) -> list[NDArray[Any]]:
        """What a training that goes on needs."""
        return [self._moving]

    def restore(self, state: list[NDArray[Any]]) -> None:
        """Go on from another's `state`."""
        self._moving[...] = state[0]

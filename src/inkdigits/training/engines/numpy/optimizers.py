"""Adam, in blocks that fit in a core's cache, and Muon for a convolution's kernel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.training.engines.numpy.parameters import Parameters
from inkdigits.training.engines.numpy.thread_pool import ThreadPool

__all__ = ["Adam", "Muon"]

Floats = NDArray[np.float32]

_BLOCK = 32_768  # weights, 128 KB: with gradient and both moments they fit in a core's own cache


class Adam:
    """Adam (Kingma and Ba 2015) with Keras's defaults, for the weights in the slices `own`."""

    beta_1, beta_2, epsilon = 0.9, 0.999, 1e-7

    def __init__(self, parameters: Parameters, own: tuple[slice, ...]) -> None:
        self._parameters = parameters
        self._blocks = [
            slice(low, min(low + _BLOCK, part.stop)) for part in own for low in range(part.start, part.stop, _BLOCK)
        ]
        self.steps = 0
        self.mean = np.zeros_like(parameters.values)
        self.square = np.zeros_like(parameters.values)

    def step(self, rate: float, pool: ThreadPool) -> None:
        """Take a step at learning rate `rate`; overwrites the gradient."""
        self.steps += 1
        corrected = rate * (1 - self.beta_2**self.steps) ** 0.5 / (1 - self.beta_1**self.steps)
        pool.run(lambda thread: self._step_blocks(thread, pool.count, corrected), range(pool.count))

    def _step_blocks(self, thread: int, threads: int, rate: float) -> None:
        scratch = np.empty(_BLOCK, np.float32)
        for block in self._blocks[thread::threads]:
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
        """What `restore` needs."""
        return [np.array(self.steps), self.mean, self.square]

    def restore(self, state: Sequence[NDArray[Any]]) -> None:
        """Continue from another's `state`."""
        self.steps, self.mean[...], self.square[...] = int(state[0]), state[1], state[2]


class Muon:
    """Muon (Jordan 2024): orthogonalized momentum, for one kernel as a matrix (inputs, outputs).

    Five steps of a Newton-Schulz iteration with Jordan's coefficients bring the momentum's singular values near 1; his
    factor sqrt(max(1, rows / columns)) scales the step.
    """

    momentum = 0.95
    coefficients = (3.4445, -4.7750, 2.0315)

    def __init__(self, parameters: Parameters, index: int) -> None:
        self._weight = parameters.weights[index].reshape(-1, parameters.weights[index].shape[-1])
        self._gradient = parameters.gradients[index].reshape(self._weight.shape)
        self._momentum = np.zeros_like(self._weight)
        rows, columns = self._weight.shape
        self._scale = max(1.0, rows / columns) ** 0.5

    def step(self, rate: float) -> None:
        """Take a step at learning rate `rate`, with Nesterov's momentum."""
        self._momentum *= np.float32(self.momentum)
        self._momentum += self._gradient
        nesterov = self._gradient + np.float32(self.momentum) * self._momentum
        self._weight -= np.float32(rate * self._scale) * self._orthogonalized(nesterov)

    def _orthogonalized(self, matrix: Floats) -> Floats:
        a, b, c = (np.float32(coefficient) for coefficient in self.coefficients)
        wide = (matrix / (np.linalg.norm(matrix) + np.float32(1e-7))).T
        for _ in range(5):
            square = wide @ wide.T
            wide = a * wide + (b * square + c * (square @ square)) @ wide
        orthogonal: Floats = wide.T
        return orthogonal

    @property
    def state(self) -> list[NDArray[Any]]:
        """What `restore` needs."""
        return [self._momentum]

    def restore(self, state: Sequence[NDArray[Any]]) -> None:
        """Continue from another's `state`."""
        self._momentum[...] = state[0]

"""The forward and backward passes of the exercise's two networks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import RecipeError
from inkdigits.stats.calibration import softmax
from inkdigits.training.engines.numpy.convolution import (
    FEATURES,
    FILTERS,
    KERNEL,
    Convolutions,
    expand_kernel,
    sum_pooling_positions,
)
from inkdigits.training.engines.numpy.parameters import Parameters
from inkdigits.training.engines.numpy.thread_pool import ThreadPool, equal_slices

__all__ = ["NumpyNetwork"]

Floats = NDArray[np.float32]

_CONVOLUTIONS = ((KERNEL, KERNEL, 1, FILTERS[0]), (FILTERS[0],), (KERNEL, KERNEL, *FILTERS), (FILTERS[1],))
_MIN_PICTURES, _MAX_PICTURES = 8, 16  # convolved together: large matrix products, arrays that fit in the cache
_FEATURES_SHAPE = (4, 4, FILTERS[1])


def _has_convolutions(weights: Sequence[Floats]) -> bool:
    return tuple(weight.shape for weight in weights[: len(_CONVOLUTIONS)]) == _CONVOLUTIONS


@dataclass
class NumpyNetwork:
    """Dense layers with ReLU between them, after the exercise CNN's convolutions or none.

    Weights are in Keras's order for both data formats: its `Flatten` always puts the channels last. Pictures are
    float32 (n, 28, 28) with standardized pixels. Raises `RecipeError` for weights of another network.
    """

    parameters: Parameters
    pool: ThreadPool
    convolves: bool = field(init=False)  # whether it is the cnn
    _convolutions: dict[tuple[int, int], Convolutions] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.convolves = _has_convolutions(self.parameters.weights)
        dense = self._dense(self.parameters.weights)
        sizes = [28 * 28 if not self.convolves else FEATURES, *(kernel.shape[-1] for kernel, _ in dense)]
        expected = [shape for pair in pairwise(sizes) for shape in (pair, pair[1:])]
        if [weight.shape for pair in dense for weight in pair] != expected:
            raise RecipeError("engine numpy trains networks built as dense or cnn: choose engine keras")

    @property
    def second_kernel(self) -> int | None:
        """The index of the second convolution's kernel in the weights."""
        return 2 if self.convolves else None

    def _dense(self, arrays: Sequence[Floats]) -> list[tuple[Floats, Floats]]:
        rest = arrays[len(_CONVOLUTIONS) :] if self.convolves else arrays
        return list(zip(rest[::2], rest[1::2], strict=True))

    def logits(self, pictures: Floats) -> Floats:
        """Logits (n, 10)."""
        return self._activations(self._features(pictures))[-1]

    def differentiate(self, pictures: Floats, targets: Floats) -> Floats:
        """The probabilities (n, 10). Writes the mean cross-entropy's gradient into the parameters' `gradient`."""
        activations = self._activations(self._features(pictures))
        probabilities = softmax(activations[-1]).astype(np.float32)
        gradient = self._dense_backward(activations, (probabilities - targets) / np.float32(len(targets)))
        if self.convolves:
            self._convolutions_backward(gradient)
        return probabilities

    def _features(self, pictures: Floats) -> Floats:
        if not self.convolves:
            return pictures.reshape(len(pictures), -1)
        kernel, bias, kernel_2, bias_2 = self._convolution_weights(self.parameters.weights)
        windows, features = expand_kernel(kernel), np.empty((len(pictures), *_FEATURES_SHAPE), np.float32)

        def forward(part: slice) -> None:
            rows = np.ascontiguousarray(pictures[part].transpose(1, 0, 2))
            features[part] = self._convolutions_of(part).forward(rows, windows, bias, kernel_2, bias_2)

        self.pool.run(forward, self._parts(len(pictures)))
        return features.reshape(len(pictures), -1)

    def _convolution_weights(self, arrays: Sequence[Floats]) -> tuple[Floats, Floats, Floats, Floats]:
        kernel, bias, kernel_2, bias_2 = arrays[: len(_CONVOLUTIONS)]
        return kernel[:, :, 0], bias, kernel_2.reshape(KERNEL, -1, FILTERS[1]), bias_2

    def _parts(self, n: int) -> list[slice]:
        """`n` pictures in parts of which every thread has some, and that fit in a core's cache."""
        smallest = min(self.pool.count, -(-n // _MIN_PICTURES))
        return equal_slices(n, max(smallest, -(-n // _MAX_PICTURES)))

    def _convolutions_of(self, part: slice) -> Convolutions:
        key = (part.start, part.stop)
        if key not in self._convolutions:
            self._convolutions[key] = Convolutions(part.stop - part.start)
        return self._convolutions[key]

    def _activations(self, features: Floats) -> list[Floats]:
        """The input of every dense layer, and the logits."""
        activations = [features]
        layers = self._dense(self.parameters.weights)
        for number, (kernel, bias) in enumerate(layers):
            activations.append(self._layer(activations[-1], kernel, bias, relu=number < len(layers) - 1))
        return activations

    def _layer(self, inputs: Floats, kernel: Floats, bias: Floats, relu: bool) -> Floats:
        outputs = np.empty((len(inputs), kernel.shape[1]), np.float32)

        def forward(columns: slice) -> None:
            part = inputs @ kernel[:, columns] + bias[columns]
            outputs[:, columns] = np.maximum(part, 0) if relu else part

        self.pool.run(forward, equal_slices(kernel.shape[1], self._threads_for(kernel)))
        return outputs

    def _threads_for(self, kernel: Floats) -> int:
        # The last layer takes less time than a second thread takes to start.
        return self.pool.count if kernel.shape[1] >= 128 else 1

    def _dense_backward(self, activations: Sequence[Floats], gradient: Floats) -> Floats:
        """The gradient of the features, from that of the logits."""
        layers = list(zip(self._dense(self.parameters.weights), self._dense(self.parameters.gradients), strict=True))
        for number in reversed(range(len(layers))):
            (kernel, _), (kernel_gradient, bias_gradient) = layers[number]
            inputs = activations[number]
            np.sum(gradient, axis=0, out=bias_gradient)
            needed = number > 0 or self.convolves
            gradient = self._layer_backward(inputs, gradient, kernel, kernel_gradient, needed)
            if number > 0:
                gradient *= inputs > 0
        return gradient

    def _layer_backward(
        self, inputs: Floats, gradient: Floats, kernel: Floats, kernel_gradient: Floats, needed: bool
    ) -> Floats:
        before = np.empty_like(inputs)

        def backward(rows: slice) -> None:
            np.matmul(inputs[:, rows].T, gradient, out=kernel_gradient[rows])
            if needed:
                before[:, rows] = gradient @ kernel[rows].T

        self.pool.run(backward, equal_slices(len(kernel), self._threads_for(kernel)))
        return before

    def _convolutions_backward(self, gradient: Floats) -> None:
        kernel_2 = self._convolution_weights(self.parameters.weights)[2]
        shaped = gradient.reshape(-1, *_FEATURES_SHAPE)
        parts = self._parts(len(shaped))
        self.pool.run(lambda part: self._convolutions_of(part).backward(shaped[part], kernel_2), parts)
        kernel_gradient, bias_gradient, kernel_2_gradient, bias_2_gradient = self._convolution_weights(
            self.parameters.gradients
        )
        # Summed in a fixed order, so that the same seed gives the same weights.
        done = [self._convolutions_of(part) for part in parts]
        kernel_gradient[...] = sum_pooling_positions(_total([part.first_gradient for part in done]))
        bias_gradient[...] = _total([part.first_bias for part in done])
        kernel_2_gradient[...] = _total([part.second_gradient for part in done])
        bias_2_gradient[...] = _total([part.second_bias for part in done])


def _total(arrays: Sequence[Floats]) -> Floats:
    total = arrays[0].copy()
    for array in arrays[1:]:
        total += array
    return total

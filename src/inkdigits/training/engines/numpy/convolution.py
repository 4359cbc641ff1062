"""The exercise CNN's two convolutions with their poolings, forward and backward, for a few pictures at a time.

Every convolution is a few matrix products of operands whose slices along the first axis are contiguous in memory;
hence arrays are shaped (rows, pictures, columns, channels). With few pictures at a time all of them fit in a core's
cache. The bias and ReLU come after the pooling, which gives the same result for a quarter of the work.

The first convolution works on 6x6 windows, two pixels apart, which cover the four positions of a pooling window: one
product with a (36, 4 * 32) matrix that holds its 5x5 kernel four times. The second works on windows of 5
columns, one product for each of the kernel's 5 rows.
"""

from __future__ import annotations

import itertools

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

__all__ = ["FEATURES", "FILTERS", "KERNEL", "Convolutions", "expand_kernel", "sum_pooling_positions"]

Floats = NDArray[np.float32]

KERNEL = 5
FILTERS = (32, 64)
FEATURES = 4 * 4 * FILTERS[1]
_WINDOW = KERNEL + 1  # pixels under the four positions of a 2x2 pooling window, along one axis
_FIRST, _SECOND = FILTERS
_CORNERS = tuple(itertools.product((0, 1), (0, 1)))  # row and column within a pooling window


def expand_kernel(kernel: Floats) -> Floats:
    """The first kernel (5, 5, 32) four times, shifted to a pooling window's positions: (36, 128)."""
    windows = np.zeros((_WINDOW, _WINDOW, len(_CORNERS), _FIRST), np.float32)
    for position, (row, column) in enumerate(_CORNERS):
        windows[row : row + KERNEL, column : column + KERNEL, position] = kernel
    return windows.reshape(_WINDOW**2, -1)


def sum_pooling_positions(gradient: Floats) -> Floats:
    """The gradient (5, 5, 32) of the first kernel from that of `expand_kernel`'s result, (36, 128)."""
    windows = gradient.reshape(_WINDOW, _WINDOW, len(_CORNERS), _FIRST)
    total = np.zeros((KERNEL, KERNEL, _FIRST), np.float32)
    for position, (row, column) in enumerate(_CORNERS):
        total += windows[row : row + KERNEL, column : column + KERNEL, position]
    return total


class Convolutions:
    """Both convolutions for `n` pictures, with their intermediate arrays, which every call reuses.

    `forward` must come before `backward`, which leaves the gradients in `first_gradient` (36, 128), `first_bias` (32,),
    `second_gradient` (5, 160, 64) and `second_bias` (64,).
    """

    def __init__(self, n: int) -> None:
        self.n = n
        self._windows = _empty(12, n, 12, _WINDOW, _WINDOW)
        self._convolved = _empty(12 * n * 12, len(_CORNERS), _FIRST)
        self._pooled = _empty(12 * n * 12, _FIRST)
        self._between = _empty(12, n, 12, _FIRST)
        self._columns = _empty(12, n, 8, KERNEL * _FIRST)
        self._convolved_again = _empty(4, 2, n, 4, 2, _SECOND)
        self._pooled_again = _empty(4, n, 4, _SECOND)
        self._features = _empty(4, n, 4, _SECOND)
        self._product = _empty(8 * n * 8, _SECOND)
        self._columns_product = _empty(8 * n * 8, KERNEL * _FIRST)
        self._columns_gradient = _empty(12, n, 8, KERNEL * _FIRST)
        self._between_gradient = _empty(12, n, 12, _FIRST)
        self._first_equal = np.empty((12 * n * 12, _FIRST), bool)
        self._second_equal = np.empty((4, n, 4, _SECOND), bool)
        self.first_gradient = _empty(_WINDOW**2, len(_CORNERS) * _FIRST)
        self.first_bias = _empty(_FIRST)
        self.second_gradient = _empty(KERNEL, KERNEL * _FIRST, _SECOND)
        self.second_bias = _empty(_SECOND)

    def forward(self, rows: Floats, kernel: Floats, bias: Floats, kernel_2: Floats, bias_2: Floats) -> Floats:
        """The features (n, 4, 4, 64) of pictures (28, n, 28), for an expanded `kernel` and `kernel_2` (5, 160, 64)."""
        self._convolve_first(rows, kernel, bias)
        self._convolve_second(kernel_2, bias_2)
        return self._features.transpose(1, 0, 2, 3)

    def _convolve_first(self, rows: Floats, kernel: Floats, bias: Floats) -> None:
        row, picture, column = rows.strides
        np.copyto(self._windows, as_strided(rows, self._windows.shape, (2 * row, picture, 2 * column, row, column)))
        np.matmul(self._windows.reshape(-1, _WINDOW**2), kernel, out=self._convolved.reshape(len(self._convolved), -1))
        _maximum([self._convolved[:, position] for position in range(len(_CORNERS))], self._pooled)
        between = self._between.reshape(-1, _FIRST)
        np.add(self._pooled, bias, out=between)
        np.maximum(between, 0, out=between)

    def _convolve_second(self, kernel: Floats, bias: Floats) -> None:
        for column in range(KERNEL):
            channels = slice(_FIRST * column, _FIRST * (column + 1))
            self._columns[..., channels] = self._between[:, :, column : column + 8]
        convolved = self._convolved_again.reshape(-1, _SECOND)
        np.matmul(self._rows_from(0), kernel[0], out=convolved)
        for row in range(1, KERNEL):
            np.matmul(self._rows_from(row), kernel[row], out=self._product)
            convolved += self._product
        _maximum([self._convolved_again[:, r, :, :, c] for r, c in _CORNERS], self._pooled_again)
        np.add(self._pooled_again, bias, out=self._features)
        np.maximum(self._features, 0, out=self._features)

    def _rows_from(self, row: int) -> Floats:
        """What the kernel's row `row` is multiplied with, (64 n, 160), without a copy."""
        return self._columns[row : row + 8].reshape(-1, KERNEL * _FIRST)

    def backward(self, gradient: Floats, kernel_2: Floats) -> None:
        """Compute the gradients from that of the features, (n, 4, 4, 64); overwrites what `forward` left."""
        rest = np.ascontiguousarray(gradient.transpose(1, 0, 2, 3))
        rest *= self._features > 0
        np.sum(rest, axis=(0, 1, 2), out=self.second_bias)
        positions = [self._convolved_again[:, r, :, :, c] for r, c in _CORNERS]
        _backward_pooling(rest, positions, self._pooled_again, self._second_equal)
        self._differentiate_second(kernel_2)
        rest = self._between_gradient.reshape(-1, _FIRST)
        rest *= self._between.reshape(-1, _FIRST) > 0
        np.sum(rest, axis=0, out=self.first_bias)
        positions = [self._convolved[:, position] for position in range(len(_CORNERS))]
        _backward_pooling(rest, positions, self._pooled, self._first_equal)
        windows = self._windows.reshape(-1, _WINDOW**2)
        np.matmul(windows.T, self._convolved.reshape(len(windows), -1), out=self.first_gradient)

    def _differentiate_second(self, kernel: Floats) -> None:
        gradient = self._convolved_again.reshape(-1, _SECOND)
        self._columns_gradient.fill(0)
        for row in range(KERNEL):
            np.matmul(self._rows_from(row).T, gradient, out=self.second_gradient[row])
            np.matmul(gradient, kernel[row].T, out=self._columns_product)
            rows = self._columns_gradient[row : row + 8].reshape(self._columns_product.shape)
            rows += self._columns_product
        self._between_gradient.fill(0)
        for column in range(KERNEL):
            channels = slice(_FIRST * column, _FIRST * (column + 1))
            self._between_gradient[:, :, column : column + 8] += self._columns_gradient[..., channels]


def _empty(*shape: int) -> Floats:
    return np.empty(shape, np.float32)


def _maximum(positions: list[Floats], out: Floats) -> None:
    np.maximum(positions[0], positions[1], out=out)
    for position in positions[2:]:
        np.maximum(out, position, out=out)


def _backward_pooling(gradient: Floats, positions: list[Floats], largest: Floats, equal: NDArray[np.bool_]) -> None:
    """Write the gradient of max pooling into `positions`; overwrites `gradient`.

    It goes to the position that holds the `largest` value, and to the first of equal ones, as in the frameworks: on a
    plain background all four are equal.
    """
    for position in positions[:-1]:
        np.equal(position, largest, out=equal)
        np.multiply(gradient, equal, out=position)
        gradient -= position
    positions[-1][...] = gradient

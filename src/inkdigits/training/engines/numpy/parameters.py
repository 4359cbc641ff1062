"""A network's weights as one vector for the optimizers and as arrays for its layers; standardized pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Parameters", "PixelStatistics", "fold_standardization", "unfold_standardization"]

Floats = NDArray[np.float32]

_COUNTED = 2**16  # pixels counted together


@dataclass(frozen=True)
class Parameters:
    """Weights and their gradients: `weights` and `gradients` are views of `values` and `gradient` in Keras's shapes."""

    values: Floats
    gradient: Floats
    weights: tuple[Floats, ...]
    gradients: tuple[Floats, ...]

    @classmethod
    def of(cls, weights: Sequence[Floats]) -> Parameters:
        """Parameters that begin with a copy of `weights`."""
        values = np.concatenate([weight.ravel() for weight in weights]).astype(np.float32)
        gradient = np.zeros_like(values)
        shapes = [weight.shape for weight in weights]
        return cls(values, gradient, _views(values, shapes), _views(gradient, shapes))

    def slice_of(self, index: int) -> slice:
        """The part of `values` that is weight `index`."""
        begin = sum(weight.size for weight in self.weights[:index])
        return slice(begin, begin + self.weights[index].size)


def _views(vector: Floats, shapes: Sequence[tuple[int, ...]]) -> tuple[Floats, ...]:
    bounds = np.cumsum([int(np.prod(shape)) for shape in shapes])
    return tuple(part.reshape(shape) for part, shape in zip(np.split(vector, bounds[:-1]), shapes, strict=True))


@dataclass(frozen=True)
class PixelStatistics:
    """Mean and standard deviation of pixels in [0, 1]."""

    mean: float
    deviation: float

    @classmethod
    def of(cls, images: NDArray[np.uint8]) -> PixelStatistics:
        """The mean and standard deviation of all pixels of `images`; a deviation of 1 where they are all the same."""
        # From the counts of the 256 values, which is faster and more exact than NumPy's `std` of all pixels.
        values = np.arange(256) / 255
        fractions = _counts(images) / images.size
        mean = float(fractions @ values)
        return cls(mean, float(fractions @ (values - mean) ** 2) ** 0.5 or 1.0)

    def standardize(self, images: NDArray[np.uint8]) -> Floats:
        """`images` uint8 as float32 with (pixel - mean) / deviation."""
        pixels = images.astype(np.float32)
        pixels *= np.float32(1 / (255 * self.deviation))
        pixels -= np.float32(self.mean / self.deviation)
        return pixels


def _counts(images: NDArray[np.uint8]) -> NDArray[np.int64]:
    """How often each of the 256 values occurs."""
    counts, pixels = np.zeros(256, np.int64), images.reshape(-1)
    # In parts, since `bincount` makes eight bytes of every pixel: the system's time to hand out that much memory was
    # four fifths of the whole (docs/log.md).
    for start in range(0, len(pixels), _COUNTED):
        counts += np.bincount(pixels[start : start + _COUNTED], minlength=256)
    return counts


def fold_standardization(weights: Sequence[Floats], statistics: PixelStatistics) -> list[Floats]:
    """Weights that do with pixels in [0, 1] what `weights` do with standardized ones.

    W (x - m) / d + b = (W / d) x + (b - m / d * sum(W)), for a dense layer and for a convolution without padding.
    """
    kernel, bias, *others = weights
    scaled = kernel / np.float32(statistics.deviation)
    return [scaled, bias - np.float32(statistics.mean) * _per_output(scaled), *others]


def unfold_standardization(weights: Sequence[Floats], statistics: PixelStatistics) -> list[Floats]:
    """The inverse of `fold_standardization`."""
    kernel, bias, *others = weights
    return [
        kernel * np.float32(statistics.deviation),
        bias + np.float32(statistics.mean) * _per_output(kernel),
        *others,
    ]


def _per_output(kernel: Floats) -> Floats:
    total: Floats = kernel.reshape(-1, kernel.shape[-1]).sum(axis=0)
    return total

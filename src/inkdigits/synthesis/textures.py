"""Non-digits without strokes: gradients, noise and patterns, like crops of photos."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from inkdigits.normalize import BOX, SIZE
from inkdigits.synthesis.network_inputs import Family, family

__all__ = ["checker", "full_frame", "gradients", "pepper", "stripes", "value_noise"]

Grey = NDArray[np.uint8]
Floats = NDArray[np.float64]

_SIDE = 2 * BOX


def full_frame(rng: np.random.Generator, n: int) -> Grey:
    """Shading, noise and patterns that fill 28x28 to the edge, like arrays that were not preprocessed."""
    makers = (_gradient, _clouds, _pepper, _checker, _uniform_noise)
    pictures = [makers[int(rng.integers(len(makers)))](rng, SIZE) for _ in range(n)]
    return np.clip(np.reshape(pictures, (n, SIZE, SIZE)), 0, 255).astype(np.uint8)


def _box(texture: Floats, rng: np.random.Generator) -> Grey:
    """`texture` cropped to a box of random aspect ratio, at most twice as high as wide or as wide as high."""
    side = len(texture)
    height, width = side, side
    if rng.random() < 0.5:
        shorter = int(rng.integers(side // 2, side + 1))
        height, width = (shorter, side) if rng.random() < 0.5 else (side, shorter)
    return np.clip(texture[:height, :width], 0, 255).astype(np.uint8)


def _grid(side: int, angle: float) -> tuple[Floats, Floats]:
    y, x = np.mgrid[0:side, 0:side] / side - 0.5
    return x * math.cos(angle) + y * math.sin(angle), y * math.cos(angle) - x * math.sin(angle)


def _gradient(rng: np.random.Generator, side: int) -> Floats:
    """Smooth shading with a bright spot and some grain."""
    along, _ = _grid(side, rng.uniform(0, 2 * math.pi))
    x, y = _grid(side, 0.0)
    centre, spread = rng.uniform(-0.5, 0.5, 2), rng.uniform(0.1, 0.5)
    spot = np.exp(-((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / (2 * spread**2))
    shade = 128 + 160 * along * rng.uniform(0, 1) + 120 * spot * rng.uniform(-1, 1)
    return np.asarray(shade + rng.normal(0, rng.uniform(0, 25), (side, side)))


def _clouds(rng: np.random.Generator, side: int) -> Floats:
    """Smooth noise of two sizes, some of it thresholded."""
    import cv2

    coarse = rng.uniform(0, 1, (int(rng.integers(3, 9)),) * 2)
    fine = rng.uniform(0, 1, (int(rng.integers(9, 16)),) * 2)
    weight = rng.uniform(0, 0.5)
    large = cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC)
    small = cv2.resize(fine, (side, side), interpolation=cv2.INTER_CUBIC)
    clouds = (1 - weight) * large + weight * small
    if rng.random() < 0.4:
        clouds = (clouds > np.quantile(clouds, rng.uniform(0.3, 0.6))).astype(np.float64)
    return np.asarray(255 * clouds)


def _pepper(rng: np.random.Generator, side: int) -> Floats:
    """White dots on black, at 2.5 to 50 percent of the places."""
    size = int(rng.integers(1, 3))
    dots = rng.random((side // size, side // size)) < rng.uniform(0.025, 0.5)
    return np.kron(dots, np.ones((size, size))).astype(np.float64) * 255


def _checker(rng: np.random.Generator, side: int) -> Floats:
    """Checkerboards with three to eight squares a side, slightly rotated."""
    across, down = _grid(side, rng.uniform(-0.4, 0.4))
    count = rng.uniform(3, 8)
    odd = (np.floor(across * count) + np.floor(down * count)) % 2
    low, high = rng.uniform(0, 60), rng.uniform(160, 255)
    return np.asarray(low + (high - low) * odd)


def _stripes(rng: np.random.Generator, side: int) -> Floats:
    """Three to nine parallel stripes, in any direction."""
    across, _ = _grid(side, rng.uniform(0, math.pi))
    wave = np.sin(2 * math.pi * (across * rng.uniform(3, 9) + rng.random()))
    sharpness = rng.uniform(1, 6)
    return np.asarray(127.5 + 127.5 * np.clip(sharpness * wave, -1, 1))


def _uniform_noise(rng: np.random.Generator, side: int) -> Floats:
    return rng.uniform(0, 255, (side, side))


def _in_boxes(texture: Callable[[np.random.Generator, int], Floats]) -> Family:
    return family(lambda rng: _box(texture(rng, _SIDE), rng))


gradients, value_noise, pepper = _in_boxes(_gradient), _in_boxes(_clouds), _in_boxes(_pepper)
checker, stripes = _in_boxes(_checker), _in_boxes(_stripes)

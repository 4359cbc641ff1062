"""Claim: altered training pictures are hardly ever taken for copies of test pictures, altered test pictures often are.

Alters pictures of both parts of MNIST as students augment them and counts those that the checker holds to be copies of
test pictures. Training pictures beyond the 20,000 that stand for the training set are the hardest: their originals are
not among those that they are compared with.

    python benchmarks/exercise_copies.py --pictures 1500
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from inkdigits.datasets import mnist
from inkdigits.exercise.near_copies import NearCopies

_MIDDLE = np.array([13.5, 13.5])
_rng = np.random.default_rng(0)
ndimage = importlib.import_module("scipy.ndimage")


def _by_matrix(pictures: Any, draw: Callable[[], Any]) -> Any:
    matrices = [draw() for _ in pictures]
    return np.stack([
        ndimage.affine_transform(picture, matrix, offset=_MIDDLE - matrix @ _MIDDLE, order=1)
        for picture, matrix in zip(pictures, matrices, strict=True)
    ])  # fmt: skip


def _turned(pictures: Any, degrees: float) -> Any:
    def draw() -> Any:
        angle = np.deg2rad(_rng.uniform(-degrees, degrees))
        return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])

    return _by_matrix(pictures, draw)


def _elastic(pictures: Any, strength: float) -> Any:
    grid = np.mgrid[:28, :28]
    found = []
    for picture in pictures:
        shift = [ndimage.gaussian_filter(_rng.uniform(-1, 1, (28, 28)), 4) * strength for _ in range(2)]
        found.append(ndimage.map_coordinates(picture, [grid[0] + shift[0], grid[1] + shift[1]], order=1))
    return np.stack(found)


def _erased(pictures: Any) -> Any:
    found = pictures.copy()
    for picture in found:
        row, column = _rng.integers(4, 18, 2)
        picture[row : row + 8, column : column + 8] = 0
    return found


ALTERED: dict[str, Callable[[Any], Any]] = {
    "as they are": lambda x: x,
    "turned up to 15 degrees": lambda x: _turned(x, 15),
    "turned up to 45 degrees": lambda x: _turned(x, 45),
    "scaled by 0.7 to 1.3": lambda x: _by_matrix(x, lambda: np.eye(2) / _rng.uniform(0.7, 1.3)),
    "sheared": lambda x: _by_matrix(x, lambda: np.array([[1, 0], [_rng.uniform(-0.4, 0.4), 1]])),
    "elastic": lambda x: _elastic(x, 32),
    "a square erased": _erased,
    "mixed with another": lambda x: 0.6 * x + 0.4 * x[::-1],
    "noise of 0.3": lambda x: np.clip(x + _rng.normal(0, 0.3, x.shape), 0, 1),
    "moved up to 6 pixels": lambda x: np.stack([np.roll(p, tuple(_rng.integers(-6, 7, 2)), (0, 1)) for p in x]),
    "blurred": lambda x: ndimage.gaussian_filter(x, (0, 1.5, 1.5)),
    "black and white": lambda x: (x > 0.5) * 1.0,
    "a gamma of 0.3": lambda x: x**0.3,
}


def main() -> None:
    """Print the fraction of each alteration that is held to be copies of test pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=1500)
    n = parser.parse_args().pictures
    (x_train, _), (x_test, _) = mnist.load_data()
    copies = NearCopies(x_train, x_test)
    parts = {"training, beyond 20,000": x_train[30_000 : 30_000 + n], "training": x_train[:n], "test": x_test[:n]}
    for name, alter in ALTERED.items():
        rates = [copies.of_test(alter(part / 255.0).reshape(-1, 784)) / len(part) for part in parts.values()]
        print(f"{name:26}", "  ".join(f"{part} {100 * rate:.2f} %" for part, rate in zip(parts, rates, strict=True)))


if __name__ == "__main__":
    main()

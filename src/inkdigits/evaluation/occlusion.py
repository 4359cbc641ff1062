"""Occlusion maps: which ink a prediction depends on, found by covering it patch by patch (Zeiler and Fergus 2014)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inkdigits.modelfile.load import Classifier
from inkdigits.stats.scores import Probabilities

__all__ = ["occlusion_map"]

_MIN = float(np.finfo(np.float32).tiny)  # of a probability: a single precision softmax rounds to zero


def occlusion_map(
    classifier: Classifier, image: NDArray[np.uint8], label: int, patch: int = 6, stride: int = 2
) -> NDArray[np.float64]:
    """How much each pixel of `image`, uint8 (28, 28), speaks for `label`: float64 (28, 28), in nats.

    A pixel's value is by how much the logarithm of p(label) / p(the most probable other) falls, on average over all
    squares of `patch` by `patch`, `stride` apart, that hold the pixel and are set to 0, one at a time. Below zero the
    pixel speaks against the label. `patch` must be a multiple of `stride`, so that each pixel lies in as many squares.
    The ratio is used because p(label) alone hardly changes where the network is confident.
    """
    corners = range(stride - patch, 28, stride)
    squares = [
        np.s_[max(0, row) : row + patch, max(0, column) : column + patch] for row in corners for column in corners
    ]
    # A square without ink changes nothing.
    inked = [square for square in squares if image[square].any()]
    pictures = np.repeat(image[None], len(inked) + 1, axis=0)
    for picture, square in zip(pictures[1:], inked, strict=True):
        picture[square] = 0
    margins = _margins(classifier.predict_proba(pictures), label)
    falls = np.zeros((28, 28))
    for square, fall in zip(inked, margins[0] - margins[1:], strict=True):
        falls[square] += fall
    return falls / (patch // stride) ** 2


def _margins(probabilities: Probabilities, label: int) -> NDArray[np.float64]:
    logs: NDArray[np.float64] = np.log(np.maximum(probabilities.astype(np.float64), _MIN))
    margins: NDArray[np.float64] = logs[:, label] - np.delete(logs, label, axis=1).max(axis=1)
    return margins

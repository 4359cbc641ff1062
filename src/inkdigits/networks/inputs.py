"""Digits and labels as the arrays that a network is trained on, prepared as in the exercise."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets.labelled import CLASSES

__all__ = ["one_hot", "to_inputs"]


def to_inputs(images: NDArray[np.uint8], channels_first: bool) -> NDArray[np.float32]:
    """uint8 (n, 28, 28) as float32 in [0, 1], shaped (n, 1, 28, 28) or (n, 28, 28, 1)."""
    scaled = images.astype(np.float32)
    scaled /= 255
    return scaled[:, None, :, :] if channels_first else scaled[:, :, :, None]


def one_hot(labels: NDArray[np.integer[Any]]) -> NDArray[np.float32]:
    """Labels 0 to 9, int (n,), as rows with a single 1: float32 (n, 10)."""
    rows: NDArray[np.float32] = np.eye(CLASSES, dtype=np.float32)[labels]
    return rows

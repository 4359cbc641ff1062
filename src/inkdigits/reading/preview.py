"""A small copy of a picture, kept with its reading for a notebook to show."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["small_copy"]

_MAX_SIDE = 800  # pixels


def small_copy(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A copy of `pixels`, uint8 grey or RGB, whose longer side has at most 800 pixels."""
    import cv2

    scale = _MAX_SIDE / max(pixels.shape[:2])
    if scale >= 1:
        return pixels.copy()
    size = max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)

"""Grey from colour, the same for every picture that is read or trained on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["to_grey"]


def to_grey(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """`pixels`, uint8 (height, width) or (height, width, 3) RGB, as grey uint8 (height, width).

    The weights are those of ITU-R BT.601: 0.299 red, 0.587 green, 0.114 blue.
    """
    import cv2

    return pixels if pixels.ndim == 2 else np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)

"""Whether ink is one straight stroke, which people read as a 1."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["is_straight"]

_INK = 100  # grey levels
_VARIANCE_RATIO = 9.0  # along the main axis and across it: three times the standard deviation


def is_straight(picture: NDArray[np.uint8]) -> bool:
    """Whether the ink of `picture`, white on black, uint8 (height, width), spreads along one axis alone."""
    y, x = (axis - axis.mean() for axis in np.nonzero(picture > _INK))
    # The eigenvalues of the 2x2 covariance matrix in closed form.
    xx, yy, xy = float((x * x).mean()), float((y * y).mean()), float((x * y).mean())
    root = math.hypot(xx - yy, 2 * xy)
    return xx + yy + root > _VARIANCE_RATIO * max(xx + yy - root, 1e-6)

"""Whether pictures of digits are dark ink on light paper, which no network here is trained on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["have_light_borders"]

# Grey levels: noise lies around 127, scanned and photographed paper above.
_LIGHT = 160
_SAMPLE = 1000  # pictures


def have_light_borders(images: NDArray[np.uint8]) -> bool:
    """Whether most of the first 1,000 of `images` uint8 (n, 28, 28) have a light border; False for none."""
    some = np.asarray(images[:_SAMPLE])
    if not len(some):
        return False
    border = np.concatenate([some[:, 0], some[:, -1], some[:, 1:-1, 0], some[:, 1:-1, -1]], axis=1)
    return bool(2 * (np.median(border, axis=1) > _LIGHT).sum() > len(some))

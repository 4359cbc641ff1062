"""Made ink as a network sees it: put through the one preprocessing, as the reader does with what it finds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import BlankPictureError
from inkdigits.normalize import SIZE, normalize

__all__ = ["draw_network_inputs", "to_network_input"]

Grey = NDArray[np.uint8]


def to_network_input(ink: Grey) -> Grey | None:
    """White ink on black, (height, width), as uint8 (28, 28); None where nothing is left to be seen."""
    try:
        return normalize(np.pad(ink, 3))
    except BlankPictureError:
        return None


def draw_network_inputs(draw: Callable[[np.random.Generator], Grey | None], rng: np.random.Generator, n: int) -> Grey:
    """`n` pictures uint8 (n, 28, 28), each drawn by `draw`, which is called again where it gives None or no ink."""
    pictures = np.empty((n, SIZE, SIZE), np.uint8)
    for row in range(n):
        seen = None
        while seen is None:
            ink = draw(rng)
            seen = None if ink is None else to_network_input(ink)
        pictures[row] = seen
    return pictures

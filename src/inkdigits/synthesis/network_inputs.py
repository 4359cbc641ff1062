"""Synthesized ink as the input of a network, preprocessed like the components that the reader finds."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import BlankPictureError
from inkdigits.normalize import SIZE, normalize

__all__ = ["Family", "draw_network_inputs", "family", "to_network_input"]

Grey = NDArray[np.uint8]
Draw = Callable[[np.random.Generator], Grey | None]
Family = Callable[[np.random.Generator, int], Grey]


def to_network_input(ink: Grey) -> Grey | None:
    """White ink on black, uint8 (height, width), normalized to uint8 (28, 28); None if no ink is left."""
    try:
        return normalize(np.pad(ink, 3))
    except BlankPictureError:
        return None


def draw_network_inputs(draw: Draw, rng: np.random.Generator, n: int) -> Grey:
    """`n` normalized pictures by `draw`, uint8 (n, 28, 28); it is called again if it returns None or no ink."""
    pictures = np.empty((n, SIZE, SIZE), np.uint8)
    for row in range(n):
        picture = None
        while picture is None:
            ink = draw(rng)
            picture = None if ink is None else to_network_input(ink)
        pictures[row] = picture
    return pictures


def family(draw: Draw) -> Family:
    """The function of a generator and n that returns n normalized pictures by `draw`, uint8 (n, 28, 28)."""

    @wraps(draw)
    def pictures(rng: np.random.Generator, n: int) -> Grey:
        return draw_network_inputs(draw, rng, n)

    return pictures

"""`Page`: one decoded picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Page"]


@dataclass(frozen=True)
class Page:
    """One upright picture: `pixels` uint8 (height, width) grey or (height, width, 3) RGB; `number` counts from 0."""

    name: str
    number: int
    pixels: NDArray[np.uint8]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]

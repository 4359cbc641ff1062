"""Ranges of the random warps of training digits, one definition for every engine: set by hand, not measured.

A value is the half-width of a uniform distribution around 0. Where there are two, an amount is the sum of two draws, so
that most amounts are small: handwriting leans, and paper is held at an angle.
"""

from __future__ import annotations

__all__ = ["LOG_ASPECT", "LOG_SCALE", "PERSPECTIVE", "ROTATION", "SHEAR", "SHIFT", "SINGLE_SHIFT"]

ROTATION = (14.0, 8.0)  # degrees
SHEAR = (0.15, 0.1)  # pixels to the right for every pixel up
LOG_SCALE = 0.12  # natural logarithm of the scale
LOG_ASPECT = 0.1  # natural logarithm of the square root of width divided by height
SHIFT = (1.0, 0.8)  # pixels, in both directions
PERSPECTIVE = 0.006  # the last row of the 3x3 projection
# Instead of `SHIFT` where each amount is a single draw.
SINGLE_SHIFT = 1.5

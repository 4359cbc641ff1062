"""Pixels of other kinds as plain 8-bit ones: transparency laid on paper, 16 bits and floats brought to 8."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["eight_bits", "on_paper"]

Pixels = NDArray[np.uint8]


def on_paper(rgba: Pixels) -> Pixels:
    """RGB uint8 (h, w, 3) from RGBA: the transparent parts become paper that the ink stands out from.

    A drawing whose ink alone is opaque gets white paper, or black where its ink is light. A picture that is mostly
    opaque has its own paper, and its holes get the middle colour of that.
    """
    import cv2

    colour, alpha = rgba[:, :, :3], rgba[:, :, 3]
    if alpha.min() == 255:
        return np.ascontiguousarray(colour)
    paper = _paper(colour, alpha)
    weight = cv2.merge([alpha, alpha, alpha]).astype(np.uint16)
    laid: Pixels = np.asarray((colour * weight + paper * (255 - weight) + 127) // 255, np.uint8)
    return laid


def _paper(colour: Pixels, alpha: Pixels) -> NDArray[np.uint16]:
    opaque = alpha > 127
    if opaque.mean() > 0.6:
        middle: NDArray[Any] = np.median(colour[opaque][::7], axis=0)
        return middle.astype(np.uint16)
    total = float(alpha.sum())
    brightness = float((colour.mean(axis=2) * alpha).sum()) / total if total else 0.0
    return np.full(3, 0 if brightness > 127 else 255, np.uint16)


def eight_bits(pixels: NDArray[Any]) -> Pixels:
    """Grey uint8 from 16- or 32-bit integers or floats; values that are not finite count as 0.

    Files of 16 bits that use only the lower ones (scanners write 10 or 12 of 16) are stretched to what they use.
    """
    values = np.nan_to_num(pixels.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    top = float(values.max(initial=0.0))
    full = next((full for full in (1.0, 255.0, 1023.0, 4095.0, 65535.0) if top <= full), top)
    if pixels.dtype.kind in "ui" and full == 1.0:
        full = 255.0
    stretched: NDArray[np.float32] = np.clip(values * (255 / full), 0, 255)
    return stretched.astype(np.uint8)

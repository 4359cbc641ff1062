"""Convert pixels to plain 8-bit ones: transparency is blended with a background, 16 bits and floats are scaled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import PictureError

__all__ = ["eight_bits", "levels", "on_paper"]

Pixels = NDArray[np.uint8]
_BAND = 1_000_000  # pixels that are converted at a time
_SAMPLED = 4_000_000  # pixels by which the paper's colour is found


def on_paper(rgba: Pixels) -> Pixels:
    """RGB uint8 (h, w, 3) from RGBA: transparent parts become paper that the ink contrasts with.

    A drawing of which only the ink is opaque gets white paper, or black where its ink is light. In a picture that is
    mostly opaque, transparent parts get the median colour of its opaque ones.
    """
    if rgba[:, :, 3].min() == 255:
        return np.ascontiguousarray(rgba[:, :, :3])
    step = max(1, round((rgba.shape[0] * rgba.shape[1] / _SAMPLED) ** 0.5))
    sample = rgba[::step, ::step]
    paper = _paper(sample[:, :, :3], sample[:, :, 3])
    laid = np.empty((*rgba.shape[:2], 3), np.uint8)
    for rows in _bands(rgba):
        weight = np.repeat(rgba[rows, :, 3:].astype(np.uint16), 3, axis=2)
        laid[rows] = (rgba[rows, :, :3] * weight + paper * (255 - weight) + 127) // 255
    return laid


def _bands(pixels: NDArray[Any]) -> Iterator[slice]:
    """Rows of `pixels`, some at a time: the wider numbers in between then take little memory."""
    rows = max(1, _BAND // pixels.shape[1])
    return (slice(top, top + rows) for top in range(0, pixels.shape[0], rows))


def _paper(colour: Pixels, alpha: Pixels) -> NDArray[np.uint16]:
    opaque = alpha > 127
    if opaque.mean() > 0.6:
        middle: NDArray[Any] = np.median(colour[opaque][::7], axis=0)
        return middle.astype(np.uint16)
    total = float(alpha.sum())
    brightness = float((colour.mean(axis=2) * alpha).sum()) / total if total else 0.0
    return np.full(3, 0 if brightness > 127 else 255, np.uint16)


def levels(array: NDArray[Any], name: str) -> Pixels:
    """A user's array of any shape as uint8, 0 black to 255 white.

    uint8 stays as it is. Booleans become black and white. Floats are taken as 0 to 1 where none is above 1, else as 0
    to 255. Other integers are taken as 8, 10, 12 or 16 bits, the fewest that hold the highest value. Raises
    `PictureError` with `name` in it for values outside these ranges and for NaN.
    """
    if array.dtype == np.uint8:
        return array
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * 255
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        count = int((~np.isfinite(array)).sum())
        raise PictureError(
            f"{name}: {count:,} of {array.size:,} values are NaN or infinite, expected numbers: numpy.nan_to_num "
            "replaces them"
        )
    low, high = float(array.min()), float(array.max())
    expected = "floats in 0 to 1 or in 0 to 255" if array.dtype.kind == "f" else "integers in 0 to 65535"
    if low < 0 or high > (255 if array.dtype.kind == "f" else 65535):
        raise PictureError(f"{name}: expected {expected}, got {array.dtype} from {low:g} to {high:g}: scale them first")
    return eight_bits(array)


def eight_bits(pixels: NDArray[Any]) -> Pixels:
    """uint8 from 16- or 32-bit integers or floats; values that are not finite count as 0.

    Files of 16 bits of which only the lower 10 or 12 are used, as scanners write them, are scaled by what they use.
    """
    top = max((float(_finite(pixels[rows]).max(initial=0.0)) for rows in _bands(pixels)), default=0.0)
    full = next((full for full in (1.0, 255.0, 1023.0, 4095.0, 65535.0) if top <= full), top)
    if pixels.dtype.kind in "ui" and full == 1.0:
        full = 255.0
    stretched = np.empty(pixels.shape, np.uint8)
    for rows in _bands(pixels):
        stretched[rows] = np.clip(np.rint(_finite(pixels[rows]) * np.float32(255 / full)), 0, 255)
    return stretched


def _finite(pixels: NDArray[Any]) -> NDArray[np.float32]:
    values: NDArray[np.float32] = np.nan_to_num(pixels.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    return values

"""Pictures for people: what was read, drawn on the picture, and every step from the picture to the network's input."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from inkdigits.images.png import encode_png
from inkdigits.reading.ink import reduced
from inkdigits.system.atomic_io import write_bytes

if TYPE_CHECKING:
    from inkdigits.reading.reader import ReadingSteps
    from inkdigits.reading.reading import Digit

__all__ = ["draw_annotation", "draw_steps", "write_png"]

Pixels = NDArray[np.uint8]
_COLOURS = {"digit": (0, 130, 60), "unsure": (220, 120, 0), "not_a_digit": (200, 30, 40)}
# The draw_annotation picture's long side, and the height of the strip of steps, in pixels.
_MAX = 2000
_STRIP = 320
_GAP = 12


def draw_annotation(seen: ReadingSteps) -> Pixels:
    """The upright picture, RGB, with a box and a value around every digit: green, orange when unsure, red when none."""
    picture, scale = reduced(_rgb(seen.page.pixels), _MAX)
    if max(picture.shape) < 400:
        picture, scale = _enlarged(picture, 400)
    picture = picture.copy()
    for digit in seen.reading.digits:
        _mark(picture, digit, scale)
    return picture


def _mark(picture: Pixels, digit: Digit, scale: float) -> None:
    import cv2

    x, y, w, h = (round(side * scale) for side in digit.box)
    colour = _COLOURS[digit.outcome]
    cv2.rectangle(picture, (x - 2, y - 2), (x + w + 2, y + h + 2), colour, 1 if h < 40 else 2)
    size = min(1.2, max(0.4, h / 90))
    cv2.putText(
        picture, _label(digit), (x, max(10, y - 5)), cv2.FONT_HERSHEY_SIMPLEX, size, colour, 1 if size < 0.8 else 2
    )


def _label(digit: Digit) -> str:
    return {"digit": f"{digit.value}", "unsure": f"{digit.value}|{digit.second}?", "not_a_digit": "-"}[digit.outcome]


def draw_steps(seen: ReadingSteps) -> Pixels:
    """One strip, RGB: the upright picture, how strong the ink is, what counts as ink, the boxes, and each 28x28."""
    stages = [seen.page.pixels, _stretched(seen.ink.strength), seen.ink.mask, draw_annotation(seen)]
    panels = [_of_height(_rgb(stage), _STRIP) for stage in stages]
    panels.append(_sheet(seen))
    gap = np.full((_STRIP, _GAP, 3), 255, np.uint8)
    strip: Pixels = np.hstack([part for panel in panels for part in (panel, gap)][:-1])
    return strip


def _stretched(strength: Pixels) -> Pixels:
    return (strength * (255.0 / max(1, int(strength.max())))).astype(np.uint8)


def _sheet(seen: ReadingSteps) -> Pixels:
    """What the network saw, at most 8 rows of tiles 40 pixels high, each framed in its outcome's colour."""
    tiles = []
    for digit in seen.reading.digits[:400]:
        tile = np.full((40, 40, 3), _COLOURS[digit.outcome], np.uint8)
        tile[6:34, 6:34] = digit.network_input[:, :, None]
        tiles.append(tile)
    columns = max(1, -(-len(tiles) // (_STRIP // 40)))
    sheet = np.full((_STRIP, columns * 40, 3), 255, np.uint8)
    for number, tile in enumerate(tiles):
        row, column = divmod(number, columns)
        sheet[row * 40 : row * 40 + 40, column * 40 : column * 40 + 40] = tile
    return sheet


def _rgb(pixels: Pixels) -> Pixels:
    return pixels if pixels.ndim == 3 else np.repeat(pixels[:, :, None], 3, axis=2)


def _enlarged(picture: Pixels, side: int) -> tuple[Pixels, float]:
    import cv2

    scale = side / max(picture.shape[:2])
    return np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_NEAREST), np.uint8), scale


def _of_height(picture: Pixels, height: int) -> Pixels:
    import cv2

    scale = height / picture.shape[0]
    size = (min(4000, max(1, round(picture.shape[1] * scale))), height)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    return np.asarray(cv2.resize(picture, size, interpolation=method), np.uint8)


def write_png(path: Path, picture: Pixels) -> None:
    """Write RGB pixels as a PNG, whole or not at all. Raises `OutputError`."""
    write_bytes(path, encode_png(picture))

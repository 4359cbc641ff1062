"""Pictures of a reading: the digits drawn on the picture, and the steps from the picture to the network's inputs."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from inkdigits.images.png import encode_png
from inkdigits.reading.finder import InkMaps
from inkdigits.reading.pyramid import resized
from inkdigits.system.atomic_io import write_bytes

if TYPE_CHECKING:
    from inkdigits.reading.reader import ReadingSteps
    from inkdigits.reading.reading import Box, Digit, Reading

__all__ = ["annotated_data_uri", "draw_annotation", "draw_steps", "is_drawing", "write_png"]

Pixels = NDArray[np.uint8]
Colour = tuple[int, int, int]
_COLOURS: Mapping[str, Colour] = {"digit": (0, 130, 60), "unsure": (220, 120, 0), "not_a_digit": (200, 30, 40)}
_SEPARATOR_COLOUR: Colour = (30, 90, 200)
# In pixels: the long side of an annotated picture, at most and at least; the height of the strip of steps and its gaps.
_MAX_SIDE, _MIN_SIDE = 2000, 400
_STRIP, _GAP = 320, 12
# Wider strips go on in a next row; a single panel is shrunk to it.
_MAX_WIDTH = 1800
# The height of the captions above the strip's panels, and their words.
_CAPTION = 24
_CAPTIONS = ("picture", "ink", "digits", "network inputs")
# The height of a network input with its frame, and how many are shown.
_TILE, _MAX_TILES = 40, 400
# What a drawing's file names as the program that made it.
_SOFTWARE = "inkdigits read"


def draw_annotation(steps: ReadingSteps) -> Pixels:
    """The upright picture, uint8 RGB, with every box and value: green, orange if unsure, red if not a digit, blue for
    separators.
    """
    return _with_boxes(steps.page.pixels, steps.reading, 1.0)


def annotated_data_uri(picture: Pixels, reading: Reading) -> str:
    """`picture`, a copy of the one that was read, of any size, with the boxes of `reading` as a `data:` address."""
    content = encode_png(_with_boxes(picture, reading, picture.shape[1] / max(1, reading.size[0])))
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


def _with_boxes(pixels: Pixels, reading: Reading, ratio: float) -> Pixels:
    """`pixels` with every box and value; `ratio` is its size divided by that of the picture that has the boxes."""
    picture = _rgb(pixels)
    picture, scale = resized(picture, min(1.0, _MAX_SIDE / max(picture.shape)))
    if max(picture.shape) < _MIN_SIDE:
        picture, scale = _enlarged(picture, _MIN_SIDE)
    picture = picture.copy()
    separating = {separator.box for separator in reading.separators}
    for digit in reading.digits:
        if digit.is_accepted or digit.box not in separating:
            _mark(picture, digit.box, _label(digit), _COLOURS[digit.outcome], scale * ratio)
    for separator in reading.separators:
        _mark(picture, separator.box, separator.character, _SEPARATOR_COLOUR, scale * ratio)
    return picture


def _mark(picture: Pixels, box: Box, label: str, colour: Colour, scale: float) -> None:
    import cv2

    x, y, w, h = (round(value * scale) for value in box)
    cv2.rectangle(picture, (x - 2, y - 2), (x + w + 2, y + h + 2), colour, 1 if h < 40 else 2)
    size = min(1.2, max(0.4, h / 90))
    cv2.putText(picture, label, (x, max(10, y - 5)), cv2.FONT_HERSHEY_SIMPLEX, size, colour, 1 if size < 0.8 else 2)


def _label(digit: Digit) -> str:
    return {"digit": f"{digit.value}", "unsure": f"{digit.value}|{digit.second}?", "not_a_digit": "-"}[digit.outcome]


def draw_steps(steps: ReadingSteps) -> Pixels:
    """Panels with captions, uint8 RGB, at most 1,800 pixels wide: the upright picture, its ink, the boxes, the
    network's inputs.

    Ink of digits is green, other ink red.
    """
    stages = [steps.page.pixels, _ink(steps.view.maps), draw_annotation(steps)]
    panels = [*(_of_height(_rgb(stage), _STRIP) for stage in stages), _network_inputs(steps)]
    panels = [_captioned(panel, caption) for panel, caption in zip(panels, _CAPTIONS, strict=True)]
    rows: list[list[Pixels]] = [[]]
    for panel in panels:
        if rows[-1] and sum(one.shape[1] + _GAP for one in rows[-1]) + panel.shape[1] > _MAX_WIDTH:
            rows.append([])
        rows[-1].append(panel)
    return _stacked([_beside(row) for row in rows])


def _beside(panels: Sequence[Pixels]) -> Pixels:
    """The panels side by side, with gaps, each at the top."""
    height = max(panel.shape[0] for panel in panels)
    return _stacked([np.swapaxes(_on_white(panel, height, panel.shape[1]), 0, 1) for panel in panels]).swapaxes(0, 1)


def _stacked(rows: Sequence[Pixels]) -> Pixels:
    """The rows one below the other, with gaps, each at the left."""
    width = max(row.shape[1] for row in rows)
    gap = np.full((_GAP, width, 3), 255, np.uint8)
    parts = [part for row in rows for part in (_on_white(row, row.shape[0], width), gap)]
    return np.concatenate(parts[:-1])


def _on_white(picture: Pixels, height: int, width: int) -> Pixels:
    canvas = np.full((height, width, 3), 255, np.uint8)
    canvas[: picture.shape[0], : picture.shape[1]] = picture
    return canvas


def _ink(maps: InkMaps) -> Pixels:
    return (255 * np.stack([maps.other, maps.digit, np.zeros_like(maps.digit)], axis=-1)).astype(np.uint8)


def _captioned(panel: Pixels, caption: str) -> Pixels:
    """`panel` with `caption` above it, made wide enough for the text."""
    import cv2

    (width, _), _ = cv2.getTextSize(caption, cv2.FONT_HERSHEY_SIMPLEX, 0.5, 1)
    canvas = np.full((_CAPTION + panel.shape[0], max(panel.shape[1], width + 4), 3), 255, np.uint8)
    # At the right end, where the network's inputs stand.
    canvas[_CAPTION:, canvas.shape[1] - panel.shape[1] :] = panel
    cv2.putText(canvas, caption, (2, _CAPTION - 8), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
    return canvas


def _network_inputs(steps: ReadingSteps) -> Pixels:
    """The network's inputs in columns of 8, longer where they are many, framed in the colour of their outcomes."""
    tiles = []
    for digit in steps.reading.digits[:_MAX_TILES]:
        tile = np.full((_TILE, _TILE, 3), _COLOURS[digit.outcome], np.uint8)
        tile[6:34, 6:34] = digit.network_input[:, :, None]
        tiles.append(tile)
    columns = min(_MAX_WIDTH // _TILE, max(1, -(-len(tiles) // (_STRIP // _TILE))))
    height = max(_STRIP, -(-len(tiles) // columns) * _TILE)
    canvas = np.full((height, columns * _TILE, 3), 255, np.uint8)
    for number, tile in enumerate(tiles):
        row, column = divmod(number, columns)
        top, left = row * _TILE, column * _TILE
        canvas[top : top + _TILE, left : left + _TILE] = tile
    return canvas


def _rgb(pixels: Pixels) -> Pixels:
    return pixels if pixels.ndim == 3 else np.repeat(pixels[:, :, None], 3, axis=2)


def _enlarged(picture: Pixels, side: int) -> tuple[Pixels, float]:
    import cv2

    scale = side / max(picture.shape[:2])
    return np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_NEAREST), np.uint8), scale


def _of_height(picture: Pixels, height: int) -> Pixels:
    import cv2

    scale = min(height / picture.shape[0], _MAX_WIDTH / picture.shape[1])
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    return np.asarray(cv2.resize(picture, size, interpolation=method), np.uint8)


def write_png(path: Path, picture: Pixels) -> None:
    """Write uint8 RGB pixels as a PNG that `is_drawing` knows, atomically. Raises `OutputError`."""
    write_bytes(path, encode_png(picture, software=_SOFTWARE))


def is_drawing(path: Path) -> bool:
    """Whether the file at `path` is a PNG that `write_png` wrote."""
    from PIL import Image

    try:
        with Image.open(path, formats=["PNG"]) as image:
            return image.info.get("Software") == _SOFTWARE
    except (OSError, SyntaxError, ValueError):
        return False

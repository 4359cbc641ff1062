"""One digit drawn as people's pictures show it: any size, pen, colours, paper, light, camera. For `invariance.py`.

Everything here changes what a digit looks like and not which digit a person reads.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Drawing", "LoopClosedError", "draw"]

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Colour = tuple[int, int, int]

INTERPOLATIONS = {"nearest": cv2.INTER_NEAREST, "linear": cv2.INTER_LINEAR, "cubic": cv2.INTER_CUBIC}
COLOUR_MAPS = {
    "viridis": cv2.COLORMAP_VIRIDIS,
    "plasma": cv2.COLORMAP_PLASMA,
    "inferno": cv2.COLORMAP_INFERNO,
    "hot": cv2.COLORMAP_HOT,
    "bone": cv2.COLORMAP_BONE,
    "cividis": cv2.COLORMAP_CIVIDIS,
}
_PEN_SIDE = 280  # pixels at which strokes are drawn again with another pen


class LoopClosedError(ValueError):
    """A pen so wide closes a loop of this digit, so a person might read another one."""


@dataclass(frozen=True)
class Drawing:
    """How a digit is drawn. Lengths are fractions of the picture's side unless said otherwise."""

    side: int = 112  # pixels of the picture, MNIST's margins included
    interpolation: str = "cubic"
    margin: float | None = None  # of the digit's height, around its ink; None: MNIST's own
    pen: float | None = None  # of the digit's height; None: as it was written
    ink: Colour = (20, 20, 30)
    paper: Colour = (245, 245, 240)
    colour_map: str | None = None
    transparent: bool = False  # ink on a transparent layer
    turn: float = 0.0  # degrees
    slant: float = 0.0  # pixels to the right for each pixel up
    tilt: float = 0.0  # how far corners move inwards, as seen askew
    lines: str | None = None  # ruled or squared
    line_colour: Colour = (120, 150, 210)
    frame: bool = False  # a box around the digit, as in a form
    dirt: int = 0  # specks
    light_fall: float = 0.0  # of the light, from one side to the other
    shadow: float = 0.0  # of the light that a hard-edged shadow takes
    table: Colour | None = None  # what the paper lies on, half as wide again on each side
    table_turn: float = 0.0  # degrees, of the paper on the table
    blur: float = 0.0  # standard deviation
    grain: float = 0.0  # standard deviation, grey levels
    jpeg: int | None = None  # quality


def draw(digit: Pixels, how: Drawing, rng: np.random.Generator) -> Pixels:
    """The picture uint8 (h, w, 3), or (h, w, 4) where transparent, of a digit uint8 (28, 28), white on black.

    Raises `LoopClosedError` where the pen would close a loop.
    """
    cover = _cover(digit, how)
    if how.transparent:
        colour = np.broadcast_to(np.array(how.ink, np.uint8), (*cover.shape, 3))
        return np.dstack([colour, np.round(255 * cover).astype(np.uint8)])
    if how.colour_map:
        mapped = cv2.applyColorMap(np.round(255 * cover).astype(np.uint8), COLOUR_MAPS[how.colour_map])
        scene = cv2.cvtColor(mapped, cv2.COLOR_BGR2RGB).astype(np.float32)
    else:
        scene = _laid(_page(cover.shape, how, rng), cover, how.ink)
    return _photographed(_on_table(_lit(scene, how), how), how, rng)


def _cover(digit: Pixels, how: Drawing) -> Floats:
    """How much ink covers each pixel, 0 to 1."""
    fine = digit if how.pen is None else _redrawn(digit, how.pen)
    if how.margin is not None:
        fine = _with_margin(fine, how.margin)
    scale = how.side / max(fine.shape)
    size = (max(1, round(fine.shape[1] * scale)), max(1, round(fine.shape[0] * scale)))
    method = cv2.INTER_AREA if scale < 1 else INTERPOLATIONS[how.interpolation]
    cover = cv2.resize(fine, size, interpolation=method).astype(np.float32) / 255
    return _warped(cover, how)


def _redrawn(digit: Pixels, pen: float) -> Pixels:
    """The strokes of a digit drawn again, with a round pen of `pen` of its height."""
    large = cv2.resize(digit, (_PEN_SIDE, _PEN_SIDE), interpolation=cv2.INTER_CUBIC)
    mask = cv2.GaussianBlur(large, (0, 0), 3) > 110
    rows = np.flatnonzero(mask.any(axis=1))
    height = float(rows[-1] - rows[0] + 1)
    distance = cv2.distanceTransform((~_skeleton(mask)).astype(np.uint8), cv2.DIST_L2, 5)
    drawn = np.clip(0.5 * pen * height - distance + 0.5, 0, 1)
    if _loops(drawn > 0.5) != _loops(mask):
        raise LoopClosedError
    return np.round(255 * drawn).astype(np.uint8)


def _loops(mask: NDArray[np.bool_]) -> int:
    return int(cv2.connectedComponents((~mask).astype(np.uint8), connectivity=4)[0])


def _skeleton(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The middle of the strokes, one pixel wide (Zhang and Suen 1984, "A fast parallel algorithm for thinning")."""
    thin = np.pad(mask, 1).astype(np.uint8)
    while True:
        removed = 0
        for first in (True, False):
            around = [np.roll(thin, shift, (0, 1)) for shift in _CLOCKWISE]
            north, _, east, _, south, _, west, _ = around
            neighbours = sum(around)
            starts = sum((one == 0) & (two == 1) for one, two in zip(around, [*around[1:], around[0]], strict=True))
            corner = north * east * south if first else north * east * west
            other = east * south * west if first else north * south * west
            gone = (thin == 1) & (neighbours >= 2) & (neighbours <= 6) & (starts == 1) & (corner == 0) & (other == 0)
            thin[gone] = 0
            removed += int(gone.sum())
        if not removed:
            return thin[1:-1, 1:-1] > 0


# Shifts that bring each of a pixel's neighbours to its place, from the one above on, clockwise.
_CLOCKWISE = ((1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1))


def _with_margin(ink: Pixels, margin: float) -> Pixels:
    rows, columns = (np.flatnonzero((ink > 20).any(axis=axis)) for axis in (1, 0))
    cut = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return np.pad(cut, round(margin * cut.shape[0]))


def _warped(cover: Floats, how: Drawing) -> Floats:
    """Turned, slanted and seen askew, around the middle."""
    if not (how.turn or how.slant or how.tilt):
        return cover
    height, width = cover.shape
    turn, middle = math.radians(how.turn), np.array([[1, 0, width / 2], [0, 1, height / 2], [0, 0, 1]])
    turned = np.array([[math.cos(turn), -math.sin(turn), 0], [math.sin(turn), math.cos(turn), 0], [0, 0, 1]])
    slanted = np.array([[1, -how.slant, 0], [0, 1, 0], [0, 0, 1]])
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    inwards = np.array([[how.tilt, 0], [-how.tilt, how.tilt / 2], [0, -how.tilt], [how.tilt / 2, 0]], np.float32)
    askew = cv2.getPerspectiveTransform(corners, corners + inwards * np.array([width, height], np.float32))
    matrix = askew @ middle @ turned @ slanted @ np.linalg.inv(middle)
    return np.asarray(cv2.warpPerspective(cover, matrix, (width, height), flags=cv2.INTER_LINEAR), np.float32)


def _page(shape: tuple[int, ...], how: Drawing, rng: np.random.Generator) -> Floats:
    height, width = shape
    page = np.broadcast_to(np.array(how.paper, np.float32), (height, width, 3)).copy()
    marks = np.zeros((height, width), np.float32)
    if how.lines:
        _rule(marks, rng, squared=how.lines == "squared")
    if how.frame:
        inset, pen = round(0.04 * min(shape)), max(1, round(0.012 * min(shape)))
        cv2.rectangle(marks, (inset, inset), (width - 1 - inset, height - 1 - inset), 1.0, pen, cv2.LINE_AA)
    page = _laid(page, 0.8 * marks, how.line_colour)
    specks = np.zeros((height, width), np.float32)
    for _ in range(how.dirt):
        place = int(rng.integers(width)), int(rng.integers(height))
        cv2.circle(specks, place, max(1, round(rng.uniform(0.003, 0.01) * min(shape))), 1.0, -1, cv2.LINE_AA)
    return _laid(page, 0.7 * specks, (90, 80, 70))


def _rule(marks: Floats, rng: np.random.Generator, *, squared: bool) -> None:
    height, width = marks.shape
    step = rng.uniform(0.2, 0.45) * height
    pen = max(1, round(0.008 * height))
    for at in np.arange(rng.uniform(0, step), height, step):
        cv2.line(marks, (0, round(at)), (width, round(at)), 1.0, pen, cv2.LINE_AA)
    if squared:
        for at in np.arange(rng.uniform(0, step), width, step):
            cv2.line(marks, (round(at), 0), (round(at), height), 1.0, pen, cv2.LINE_AA)


def _laid(page: Floats, cover: Any, colour: Colour) -> Floats:
    weight = np.asarray(cover, np.float32)[..., None]
    return page * (1 - weight) + np.array(colour, np.float32) * weight


def _lit(scene: Floats, how: Drawing) -> Floats:
    height, width = scene.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    light = 1 - how.light_fall * x / width
    light *= np.where(x + 0.5 * y > 0.75 * width, 1 - how.shadow, 1)
    return scene * light[..., None]


def _on_table(scene: Floats, how: Drawing) -> Floats:
    if how.table is None:
        return scene
    height, width = scene.shape[:2]
    around = max(height, width) // 2
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), how.table_turn, 1.0)
    matrix[:, 2] += around
    size = width + 2 * around, height + 2 * around
    return np.asarray(cv2.warpAffine(scene, matrix, size, borderValue=how.table), np.float32)


def _photographed(scene: Floats, how: Drawing, rng: np.random.Generator) -> Pixels:
    if how.blur:
        scene = np.asarray(cv2.GaussianBlur(scene, (0, 0), how.blur * max(scene.shape)), np.float32)
    if how.grain:
        scene = scene + rng.normal(0, how.grain, scene.shape).astype(np.float32)
    picture = np.clip(scene, 0, 255).round().astype(np.uint8)
    if how.jpeg is None:
        return picture
    _, content = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, how.jpeg])
    return np.asarray(cv2.cvtColor(cv2.imdecode(content, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB), np.uint8)

"""One synthesized page: a picture of writing, and what in it is ink of digits, other ink, and where digits have their
middle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inkdigits.synthesis.pages.camera import photograph
from inkdigits.synthesis.pages.canvas import Canvas, DrawnDigit, Transform, affine, apply
from inkdigits.synthesis.pages.paper import blended, draw_marks_of_paper, light, random_colours, texture
from inkdigits.synthesis.pages.scenes import draw_scene
from inkdigits.synthesis.pages.shapes import ShapeLibrary
from inkdigits.synthesis.pages.writing import Layout, draw_writing, lay_out

__all__ = ["SIDE", "SynthesizedPage", "draw_page"]

SIDE = 128  # pixels
_MIN_HEIGHT, _MAX_HEIGHT = 13.0, 118.0  # pixels, of a digit
_SCENE = 0.8  # the chance that where nothing is written there is no paper either
_MARGIN = 0.25  # the chance of a margin in one colour, as the reader adds one

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class SynthesizedPage:
    """`pixels` uint8 (side, side, 3); `digit`, `other`, `offset` and `digits` as those of a `Canvas`.

    A margin or the edge of the page may cut a digit; `whole_digits` are those that it does not.
    """

    pixels: NDArray[np.uint8]
    digit: Floats
    other: Floats
    offset: Floats
    digits: tuple[DrawnDigit, ...]

    @property
    def whole_digits(self) -> tuple[DrawnDigit, ...]:
        """The digits of which all ink is on the page."""
        return tuple(one for one in self.digits if self._is_whole(one.box))

    def _is_whole(self, box: tuple[int, int, int, int]) -> bool:
        x, y, w, h = box
        ink = self.digit[y : y + h, x : x + w] > 0.5
        reaches_sides = ink[0].any() and ink[-1].any() and ink[:, 0].any() and ink[:, -1].any()
        return bool(reaches_sides) and min(x, y) > 0 and max(x + w, y + h) < len(self.digit)


def draw_page(library: ShapeLibrary, rng: np.random.Generator, side: int = SIDE) -> SynthesizedPage:
    """A page that shows a random layout on random paper; the same state of the generator gives the same page."""
    layout = lay_out(library, rng)
    height, to_canvas = _position(layout, side, rng)
    canvas = Canvas(side)
    thinnest = min(0.12, 1.1 / height)
    pen = None if rng.random() < 0.35 else float(np.exp(rng.uniform(np.log(max(0.02, thinnest)), np.log(0.3))))
    draw_writing(layout, canvas, to_canvas, pen, rng)
    ink, paper = random_colours(rng)
    scene = np.broadcast_to(paper, (side, side, 3)) + texture(side, rng)[..., None]
    if not (layout.marks or layout.lines) and rng.random() < _SCENE:
        scene = draw_scene(side, rng)
    written = layout.boxes or [mark.box for mark in layout.marks]
    scene = draw_marks_of_paper(np.asarray(scene, np.float32), to_canvas, layout.boxes, written, ink, rng)
    scene = blended(scene, _pressed(np.maximum(canvas.digit, canvas.other), rng), ink)
    scene = np.clip(scene, 0, 255) * light(side, rng)[..., None]
    pixels = photograph(scene, height, float(np.abs(ink - paper).max()), rng)
    if rng.random() < _MARGIN:
        pixels = _with_margin(pixels, canvas, rng)
    return SynthesizedPage(pixels, canvas.digit, canvas.other, canvas.offset, tuple(canvas.digits))


def _position(layout: Layout, side: int, rng: np.random.Generator) -> tuple[float, Transform]:
    """The height of a digit in pixels and the transform from the layout to the canvas."""
    corners = [point for mark in layout.marks for point in _corners(mark.box)]
    corners += [point for box in layout.boxes for point in _corners(box)]
    corners += [(float(x), float(y)) for line in layout.lines for x, y in line]
    points = np.array(corners or [(0.0, 0.0), (1.0, 1.0)])
    extent = float(max(np.ptp(points[:, 0]), np.ptp(points[:, 1]), 1.0))
    largest = min(_MAX_HEIGHT, side / extent * (1.0 if rng.random() < 0.8 else 2.0))
    smallest = min(_MIN_HEIGHT, largest)
    height = float(np.exp(rng.uniform(np.log(smallest), np.log(largest))))
    if rng.random() < 0.2:
        height = largest
    spread = 0.08 if rng.random() < 0.55 else 0.4
    transform = affine(height, rng.normal(0, spread), rng.normal(0, 0.12), float(np.exp(rng.normal(0, 0.12))))
    middle = apply(transform, (points.min(axis=0, keepdims=True) + points.max(axis=0, keepdims=True)) / 2)[0]
    free = max(0.0, side - extent * height)
    transform[:, 2] = side / 2 - middle + rng.uniform(-0.5, 0.5, 2) * (free + (0.3 * height if extent > 1.5 else 0))
    return height, transform


def _corners(box: tuple[float, float, float, float]) -> list[tuple[float, float]]:
    x, y, w, h = box
    return [(x, y), (x + w, y + h)]


def _pressed(cover: Floats, rng: np.random.Generator) -> Floats:
    """The coverage with the pressure of a pen, fainter here and there; some ink lets the paper through."""
    import cv2

    cover = cover * np.float32(rng.uniform(0.75, 1) if rng.random() < 0.4 else 1)
    if rng.random() < 0.3:
        cells = int(rng.choice([4, 10, 60]))
        pressure = rng.uniform(1 - rng.uniform(0, 0.6), 1, (cells, cells)).astype(np.float32)
        cover = cover * cv2.resize(pressure, cover.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(cover, np.float32)


def _with_margin(pixels: NDArray[np.uint8], canvas: Canvas, rng: np.random.Generator) -> NDArray[np.uint8]:
    """`pixels` with a border in the colour that is the median of what lies there; nothing is drawn on it."""
    side = len(pixels)
    left, top, right, bottom = rng.integers(4, 20, 4).tolist()
    inner = pixels[top : side - bottom, left : side - right]
    border = np.concatenate([inner[0], inner[-1], inner[:, 0], inner[:, -1]])
    framed = np.empty_like(pixels)
    framed[:] = np.median(border, axis=0).astype(np.uint8)
    framed[top : side - bottom, left : side - right] = inner
    outside = np.ones((side, side), bool)
    outside[top : side - bottom, left : side - right] = False
    canvas.digit[outside] = canvas.other[outside] = 0
    return framed

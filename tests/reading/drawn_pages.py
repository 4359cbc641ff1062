"""Digits drawn with a synthetic pen on synthetic paper: pictures with known labels, without picture files.

A digit is a few strokes in a box of 1 x 1; a scene is ink (0 to 1) laid on paper, then light, grain and blur.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Ink = NDArray[np.float32]


def _arc(x: float, y: float, rx: float, ry: float, start: float, end: float) -> list[tuple[float, float]]:
    """Points of an ellipse around (x, y), from `start` to `end` degrees, clockwise from the right."""
    angles = np.deg2rad(np.linspace(start, end, 40))
    return [(x + rx * float(np.cos(a)), y + ry * float(np.sin(a))) for a in angles]


# Every digit as strokes, every stroke as points (x, y) from the left upper corner.
STROKES: dict[int, list[list[tuple[float, float]]]] = {
    0: [_arc(0.5, 0.5, 0.34, 0.5, -90, 270)],
    1: [[(0.35, 0.18), (0.52, 0.0), (0.52, 1.0)]],
    2: [[*_arc(0.5, 0.3, 0.34, 0.3, -165, 20), (0.78, 0.45), (0.15, 1.0), (0.88, 1.0)]],
    3: [[*_arc(0.45, 0.25, 0.33, 0.25, -150, 90), *_arc(0.45, 0.74, 0.38, 0.26, -90, 150)]],
    4: [[(0.55, 0.0), (0.1, 0.62), (0.92, 0.62)], [(0.68, 0.3), (0.68, 1.0)]],
    5: [[(0.25, 0.02), (0.2, 0.45), *_arc(0.46, 0.68, 0.36, 0.31, -125, 140)], [(0.25, 0.02), (0.8, 0.0)]],
    6: [[(0.7, 0.0), (0.35, 0.3), *_arc(0.5, 0.7, 0.34, 0.3, -170, 190)]],
    7: [[(0.12, 0.02), (0.85, 0.02), (0.4, 1.0)]],
    8: [[*_arc(0.5, 0.25, 0.27, 0.25, 90, 450), *_arc(0.5, 0.75, 0.34, 0.25, -90, 270)]],
    9: [[*_arc(0.5, 0.3, 0.32, 0.3, 0, 360), (0.8, 0.45), (0.72, 1.0)]],
}


@dataclass(frozen=True)
class Place:
    """Where a digit stands: its left upper corner and height in pixels."""

    value: int
    x: float
    y: float
    height: float


def row(values: str, x: float, y: float, height: float, *, gap: float = 0.35, slope: float = 0.0) -> list[Place]:
    """Places side by side; `gap` in heights, `slope` in pixels down per pixel right."""
    step = height * (0.7 + gap)
    return [Place(int(v), x + i * step, y + slope * i * step, height) for i, v in enumerate(values)]


def ink(shape: tuple[int, int], places: list[Place], pen: float, *, without: int | None = None) -> Ink:
    """How much ink lies where, 0 to 1, drawn by a round pen `pen` pixels wide; stroke `without` of each is left out."""
    fine = 4 if max(shape) < 400 else 2
    canvas = np.zeros((shape[0] * fine, shape[1] * fine), np.uint8)
    for place in places:
        for number, stroke in enumerate(STROKES[place.value]):
            if number == without:
                continue
            points = [(place.x + 0.7 * place.height * px, place.y + place.height * py) for px, py in stroke]
            scaled = np.round(np.array(points) * fine).astype(np.int32)
            cv2.polylines(canvas, [scaled], False, 255, max(1, round(pen * fine)), cv2.LINE_AA)
    small = cv2.resize(canvas, (shape[1], shape[0]), interpolation=cv2.INTER_AREA)
    return small.astype(np.float32) / 255


def paper(shape: tuple[int, int], colour: tuple[int, int, int] = (238, 236, 230)) -> NDArray[np.float32]:
    """Plain paper, RGB."""
    return np.broadcast_to(np.array(colour, np.float32), (*shape, 3)).copy()


def lines(
    page: NDArray[np.float32], step: float, *, slope: float = 0.02, squared: bool = False, width: int = 2
) -> NDArray[np.float32]:
    """`page` with blue lines every `step` pixels, slightly rotated."""
    height, wide = page.shape[:2]
    ruled = np.zeros((height, wide), np.float32)
    for y in np.arange(-wide * abs(slope), height + wide * abs(slope), step):
        cv2.line(ruled, (0, round(y)), (wide, round(y + slope * wide)), 1.0, width, cv2.LINE_AA)
    if squared:
        for x in np.arange(-height * abs(slope), wide + height * abs(slope), step):
            cv2.line(ruled, (round(x), 0), (round(x - slope * height), height), 1.0, width, cv2.LINE_AA)
    return page * (1 - 0.6 * ruled[..., None]) + np.float32([110, 140, 200]) * 0.6 * ruled[..., None]


def written(
    page: NDArray[np.float32], drawn: Ink, colour: tuple[int, int, int] = (30, 30, 40), darkness: float = 0.9
) -> NDArray[np.float32]:
    """Ink on paper."""
    cover = (darkness * drawn)[..., None]
    return page * (1 - cover) + np.float32(colour) * cover


def in_light(scene: NDArray[np.float32], *, shadow: float = 0.0, fall: float = 0.0) -> NDArray[np.float32]:
    """The scene with light that falls off to the right by `fall`, and a slanted shadow that takes `shadow` of it."""
    height, width = scene.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    light = 1 - fall * x / width
    light *= 1 - shadow / (1 + np.exp(-(x + 0.5 * y - 0.7 * width) / (0.01 * width)))
    return scene * light[..., None]


def on_table(scene: NDArray[np.float32], angle: float = 5.0, scale: float = 0.75) -> NDArray[np.float32]:
    """The page photographed from higher up, slightly rotated, on dark wood."""
    height, width = scene.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, scale)
    inside = cv2.warpAffine(np.ones((height, width), np.float32), matrix, (width, height))[..., None]
    grain = cv2.GaussianBlur(np.random.default_rng(3).normal(0, 1, (height, width)).astype(np.float32), (0, 0), 9, 0, 1)
    table = np.float32([95, 65, 45]) * (1 + 0.8 * grain[..., None])
    return cv2.warpAffine(scene, matrix, (width, height)) * inside + table * (1 - inside)


def lying(page: Picture, table: tuple[int, int, int], angle: float = 0.0, margin: float = 0.25) -> Picture:
    """The page as a sheet, rotated by `angle` degrees, on an even table of one colour, with some of it on all sides."""
    height, width = page.shape[:2]
    around = round(margin * max(height, width))
    size = width + 2 * around, height + 2 * around
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    matrix[:, 2] += around
    return cv2.warpAffine(page, matrix, size, flags=cv2.INTER_LINEAR, borderValue=table)


def photographed(scene: NDArray[np.float32], *, grain: float = 3.0, blur: float = 0.8, seed: int = 0) -> Picture:
    """What a camera makes of it: uint8 RGB."""
    soft = cv2.GaussianBlur(scene, (0, 0), blur) if blur else scene
    noise = np.random.default_rng(seed).normal(0, grain, scene.shape) if grain else 0.0
    return np.clip(soft + noise, 0, 255).round().astype(np.uint8)

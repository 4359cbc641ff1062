"""Non-digits drawn with a pen: scribbles, shapes, signs and small drawings.

There are no circles, single strokes or spirals, which may be read as a 0, a 1 and a 6.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from inkdigits.synthesis.network_inputs import family

__all__ = [
    "CANVAS",
    "arrows",
    "blots",
    "crosses_and_ticks",
    "doodles",
    "draw_lines",
    "polygons",
    "scribbles",
    "smooth",
    "stars",
    "waves",
]

Grey = NDArray[np.uint8]
Points = NDArray[np.float64]

CANVAS = 72  # pixels, the side of the canvas
_SHIFT = 4  # fractional bits of the coordinates that cv2 draws with


def _pen(rng: np.random.Generator) -> int:
    return int(rng.integers(3, 9))


def draw_lines(canvas: Grey, points: Points, pen: int, closed: bool = False) -> None:
    """Draw the line through `points` (k, 2) of (x, y) in pixels onto `canvas`, `pen` pixels wide."""
    import cv2

    fixed = np.round(points * (1 << _SHIFT)).astype(np.int32)
    cv2.polylines(canvas, [fixed], closed, 255, pen, cv2.LINE_AA, _SHIFT)


def _empty() -> Grey:
    return np.zeros((CANVAS, CANVAS), np.uint8)


def smooth(points: Points, steps: int = 8) -> Points:
    """A Catmull-Rom curve through `points` (k, 2) except the first and the last, with `steps` points a segment."""
    before, start, end, after = points[:-3], points[1:-2], points[2:-1], points[3:]
    t = np.linspace(0, 1, steps, endpoint=False)[:, None, None]
    curve = 0.5 * (
        2 * start
        + (end - before) * t
        + (2 * before - 5 * start + 4 * end - after) * t**2
        + (3 * start - before - 3 * end + after) * t**3
    )
    return np.asarray(curve.transpose(1, 0, 2).reshape(-1, 2))


def _rotated(points: Points, rng: np.random.Generator, angle: float = math.pi, stretch: float = 0.3) -> Points:
    """`points` around (0, 0), rotated by up to `angle` radians, stretched and moved to the middle of the canvas."""
    turn = rng.uniform(-angle, angle)
    size = 25 * rng.uniform(1 - stretch, 1 + stretch, 2)
    cosine, sine = math.cos(turn), math.sin(turn)
    return np.asarray((points * size) @ np.array([[cosine, sine], [-sine, cosine]]) + CANVAS / 2)


def _shaky(points: Points, rng: np.random.Generator, by: float = 0.06) -> Points:
    return np.asarray(points + rng.normal(0, by, points.shape))


@family
def scribbles(rng: np.random.Generator) -> Grey:
    """One to three long smooth strokes that cross themselves."""
    canvas, pen = _empty(), int(rng.integers(2, 7))
    strokes = int(rng.integers(1, 4))
    for _ in range(strokes):
        # A stroke with few turns may look like a digit.
        turns = int(rng.integers(12, 18)) if strokes == 1 else int(rng.integers(8, 11))
        points = rng.uniform(8, CANVAS - 8, (turns, 2))
        draw_lines(canvas, smooth(points), pen)
    return canvas


def _corners(count: int, start: float = 0.0) -> Points:
    angles = start + 2 * math.pi * np.arange(count) / count
    return np.stack([np.sin(angles), -np.cos(angles)], axis=1)


@family
def polygons(rng: np.random.Generator) -> Grey:
    """Triangles, squares, trapezoids, pentagons and hexagons, outlined or filled."""
    import cv2

    canvas = _empty()
    count = int(rng.choice([3, 4, 4, 5, 6], p=[0.35, 0.25, 0.15, 0.15, 0.1]))
    points = _rotated(_shaky(_corners(count), rng, 0.12), rng)
    if count > 3 or rng.random() < 0.5:
        draw_lines(canvas, points, _pen(rng), closed=True)
    if count <= 4 and rng.random() < 0.3:
        cv2.fillPoly(canvas, [points.astype(np.int32)], 255, cv2.LINE_AA)
    if not canvas.any():
        draw_lines(canvas, points, _pen(rng), closed=True)
    # A quickly drawn pentagon or hexagon looks like a 0 unless strokes cross it.
    if count > 4:
        draw_lines(canvas, points[[0, 2]], _pen(rng))
        draw_lines(canvas, points[[1, 3]], _pen(rng))
    return canvas


_SIGNS: dict[str, list[list[tuple[float, float]]]] = {
    "plus": [[(-1, 0), (1, 0)], [(0, -1), (0, 1)]],
    "cross": [[(-1, -1), (1, 1)], [(-1, 1), (1, -1)]],
    "hash": [[(-1, -0.35), (1, -0.35)], [(-1, 0.35), (1, 0.35)], [(-0.35, -1), (-0.35, 1)], [(0.35, -1), (0.35, 1)]],
    "tick": [[(-1, 0.2), (-0.4, 0.8), (1, -1)]],
    "equals": [[(-1, -0.4), (1, -0.4)], [(-1, 0.4), (1, 0.4)]],
    "asterisk": [[(-1, 0), (1, 0)], [(-0.5, -0.9), (0.5, 0.9)], [(-0.5, 0.9), (0.5, -0.9)]],
    "ladder": [[(-0.5, -1), (-0.5, 1)], [(0.5, -1), (0.5, 1)], [(-0.5, -0.4), (0.5, -0.4)], [(-0.5, 0.4), (0.5, 0.4)]],
    "less": [[(1, -0.8), (-1, 0), (1, 0.8)]],
}


@family
def crosses_and_ticks(rng: np.random.Generator) -> Grey:
    """Plus signs, crosses, hash signs, ticks, equals signs and asterisks."""
    canvas, pen = _empty(), _pen(rng)
    strokes = _SIGNS[str(rng.choice(list(_SIGNS)))]
    flat = _rotated(_shaky(np.array([point for stroke in strokes for point in stroke]), rng), rng, 0.25)
    start = 0
    for stroke in strokes:
        draw_lines(canvas, flat[start : start + len(stroke)], pen)
        start += len(stroke)
    return canvas


@family
def stars(rng: np.random.Generator) -> Grey:
    """Stars with four to eight points, as one line or an outline."""
    canvas, count = _empty(), int(rng.integers(4, 9))
    outer = _corners(count)
    if count in (5, 7) and rng.random() < 0.5:
        points = outer[(2 * np.arange(count)) % count]
    else:
        inner = _corners(count, math.pi / count) * rng.uniform(0.3, 0.5)
        points = np.stack([outer, inner], axis=1).reshape(-1, 2)
    draw_lines(canvas, _rotated(_shaky(points, rng, 0.04), rng, math.pi, 0.15), int(rng.integers(2, 6)), closed=True)
    return canvas


@family
def blots(rng: np.random.Generator) -> Grey:
    """Specks of dirt as the reader crops them: filled discs, irregular blots and horizontal dashes."""
    import cv2

    canvas, kind = _empty(), rng.random()
    if kind < 0.35:
        half = rng.uniform(20, 32), rng.uniform(1, 4)
        dash = np.array([[-half[0], -half[1]], [half[0], -half[1]], [half[0], half[1]], [-half[0], half[1]]])
        slope = rng.uniform(-0.35, 0.35)
        dash[:, 1] += slope * dash[:, 0]
        points = dash + CANVAS / 2
    else:
        count = int(rng.integers(5, 12))
        roundness = 0.05 if kind < 0.6 else 0.35
        radius = rng.uniform(1 - roundness, 1 + roundness, (count, 1))
        ring = _corners(count) * radius * rng.uniform(14, 26, 2)
        points = smooth(np.concatenate([ring, ring[:3]])) + CANVAS / 2
    cv2.fillPoly(canvas, [points.astype(np.int32)], 255, cv2.LINE_AA)
    return canvas


@family
def arrows(rng: np.random.Generator) -> Grey:
    """Arrows with a head at one end or both, in any direction but straight up, where they may be read as a 1."""
    canvas, pen = _empty(), _pen(rng)
    # Clockwise from the top; near the top an arrow looks like a 1.
    angle = rng.uniform(0.7, 2 * math.pi - 0.7)
    along = np.array([math.sin(angle), -math.cos(angle)]) * rng.uniform(22, 30)
    middle = np.full(2, CANVAS / 2)
    ends = [middle - along, middle + along]
    draw_lines(canvas, np.stack(ends), pen)
    open_by, length = rng.uniform(0.4, 0.8), rng.uniform(0.5, 0.9)
    for end, sign in ((ends[1], 1.0), (ends[0], -1.0)) if rng.random() < 0.25 else ((ends[1], 1.0),):
        for side in (-open_by, open_by):
            back = angle + math.pi + side
            feather = end + sign * np.array([math.sin(back), -math.cos(back)]) * length * 30
            draw_lines(canvas, np.stack([end, feather]), pen)
    return canvas


_ROUND = _corners(24)
_DOODLES: dict[str, list[tuple[Points, bool]]] = {
    "house": [
        (np.array([[-0.8, 1], [-0.8, -0.1], [0.8, -0.1], [0.8, 1]]), True),
        (np.array([[-1, -0.1], [0, -1], [1, -0.1]]), False),
        (np.array([[-0.2, 1], [-0.2, 0.4], [0.2, 0.4], [0.2, 1]]), False),
    ],
    "face": [
        (_ROUND, True),
        (_ROUND * 0.08 + [-0.4, -0.3], True),
        (_ROUND * 0.08 + [0.4, -0.3], True),
        (_ROUND[6:19] * 0.55, False),
    ],
    "heart": [
        (np.array([[0, 1], [-0.9, 0.1], [-1, -0.5], [-0.5, -0.9], [0, -0.4], [0.5, -0.9], [1, -0.5], [0.9, 0.1]]), True)
    ],
    "flower": [(_ROUND * 0.28, True), *((_ROUND * 0.3 + corner * 0.62, True) for corner in _corners(5))],
    "fish": [
        (_ROUND * [0.8, 0.5] + [-0.2, 0], True),
        (np.array([[0.6, 0], [1.1, -0.5], [1.1, 0.5]]), True),
        (_ROUND * 0.06 + [-0.6, -0.1], True),
    ],
    "tree": [
        (np.array([[0, -1], [-0.8, 0.5], [0.8, 0.5]]), True),
        (np.array([[-0.12, 0.5], [-0.12, 1], [0.12, 1], [0.12, 0.5]]), False),
    ],
}


@family
def doodles(rng: np.random.Generator) -> Grey:
    """Houses, faces, hearts, flowers, fish and trees."""
    canvas, pen = _empty(), int(rng.integers(2, 5))
    parts = _DOODLES[str(rng.choice(list(_DOODLES)))]
    every = _rotated(_shaky(np.concatenate([part for part, _ in parts]), rng, 0.03), rng, 0.3)
    start = 0
    for part, closed in parts:
        draw_lines(canvas, every[start : start + len(part)], pen, closed)
        start += len(part)
    return canvas


@family
def waves(rng: np.random.Generator) -> Grey:
    """Horizontal waves and zigzags, as in a crossed-out word or a signature."""
    canvas = _empty()
    turns = int(rng.integers(5, 11))
    across = np.linspace(4, CANVAS - 4, turns)
    height = rng.uniform(6, 18)
    points = np.stack([across, CANVAS / 2 + height * (-1.0) ** np.arange(turns)], axis=1)
    points += rng.normal(0, 2, points.shape)
    ends = np.concatenate([points[:1], points, points[-1:]])
    draw_lines(canvas, smooth(ends) if rng.random() < 0.5 else points, int(rng.integers(2, 6)))
    return canvas

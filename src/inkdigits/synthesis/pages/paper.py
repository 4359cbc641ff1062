"""What writing stands on: paper, boards, screens, cloth and wood, with rules, frames, shadows, dirt and other objects.

Chances and ranges were set by hand, wide, so that what people photograph lies inside them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from inkdigits.synthesis.pages.canvas import Transform, apply, line_cover

__all__ = ["blended", "draw_marks_of_paper", "light", "random_colours", "texture"]

Floats = NDArray[np.float32]
Colour = NDArray[np.float32]
Box = tuple[float, float, float, float]  # x, y, width and height in the layout
# The least distance of ink and paper that people tell apart easily, in grey levels as `_distance` weighs them.
_MIN_DISTANCE = 45.0


def random_colours(rng: np.random.Generator) -> tuple[Colour, Colour]:
    """Ink and paper, float32 (3,) in grey levels, that people tell apart."""
    kind = rng.random()
    while True:
        if kind < 0.5:
            paper, ink = _near_white(rng), _of_a_pen(rng)
        elif kind < 0.65:
            ink, paper = _near_white(rng), _of_a_board(rng)
        else:
            ink, paper = rng.uniform(0, 255, 3), rng.uniform(0, 255, 3)
        if _distance(ink, paper) >= _MIN_DISTANCE:
            return ink.astype(np.float32), paper.astype(np.float32)


def _distance(first: NDArray[np.floating], second: NDArray[np.floating]) -> float:
    """Differences of colour count half as much as those of brightness."""
    brightness = abs(float((first - second) @ np.array([0.299, 0.587, 0.114])))
    return max(brightness, 0.5 * float(np.abs(first - second).max()))


def _near_white(rng: np.random.Generator) -> NDArray[np.float64]:
    return np.asarray(rng.uniform(140, 255) * rng.uniform(0.85, 1.0, 3))


def _of_a_pen(rng: np.random.Generator) -> NDArray[np.float64]:
    colours = ((20, 20, 25), (20, 40, 140), (170, 30, 40), (20, 110, 60), (90, 90, 90))
    chosen = colours[int(rng.choice(len(colours), p=[0.4, 0.25, 0.1, 0.05, 0.2]))]
    return np.asarray(np.clip(np.array(chosen) + rng.normal(0, 20, 3) + rng.uniform(0, 70), 0, 255))


def _of_a_board(rng: np.random.Generator) -> NDArray[np.float64]:
    return np.asarray(rng.uniform(0, 80) + rng.uniform(0, 50, 3))


def blended(scene: Floats, cover: Floats, colour: Colour | Floats) -> Floats:
    """`scene` (h, w, 3) with a colour laid over it as thickly as `cover` (h, w) says."""
    return np.asarray(scene + cover[..., None] * (colour - scene), np.float32)


def texture(side: int, rng: np.random.Generator) -> Floats:
    """The deviation from one colour, float32 (side, side) in grey levels: smooth, blotched, wooden or woven."""
    kind, deviation = rng.random(), float(rng.exponential(6.0))
    if kind < 0.35:
        return np.zeros((side, side), np.float32)
    if kind < 0.7:
        coarse, fine = (_noise(side, cells, cells, rng) for cells in rng.choice([3, 8, 20, 48], 2).tolist())
        return np.asarray(deviation * (coarse + fine), np.float32)
    if kind < 0.85:
        wood = _noise(side, int(rng.integers(2, 4)), int(rng.integers(16, 60)), rng)
        return np.float32(deviation) * (wood if rng.random() < 0.5 else wood.T)
    return np.float32(deviation) * _weave(side, rng)


def _noise(side: int, across: int, down: int, rng: np.random.Generator) -> Floats:
    import cv2

    coarse = rng.normal(0, 1, (down, across)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC), np.float32)


def _weave(side: int, rng: np.random.Generator) -> Floats:
    y, x = np.mgrid[:side, :side].astype(np.float32)
    angle, period = rng.uniform(0, np.pi), rng.uniform(2.5, 14)
    along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    threads = np.sin(2 * np.pi * along / period) + (np.sin(2 * np.pi * across / period) if rng.random() < 0.6 else 0)
    return np.asarray(threads, np.float32)


def draw_marks_of_paper(
    scene: Floats,
    to_canvas: Transform,
    boxes: Sequence[Box],
    written: Sequence[Box],
    ink: Colour,
    rng: np.random.Generator,
) -> Floats:
    """`scene` with rules, the boxes of a form, frames, specks, and objects beside the writing."""
    side = len(scene)
    if rng.random() < 0.25:
        scene = _with_rules(scene, to_canvas, ink, rng)
    colour, opacity = _of_a_line(ink, rng), rng.uniform(0.35, 1)
    width = float(np.exp(rng.uniform(np.log(0.6), np.log(4))))
    if not boxes and rng.random() < 0.12:
        boxes = [_frame(rng)]
    for x, y, w, h in boxes:
        corners = np.array([(x, y), (x + w, y), (x + w, y + h), (x, y + h)], np.float64)
        scene = blended(scene, opacity * line_cover(side, apply(to_canvas, corners), width, closed=True), colour)
    if rng.random() < 0.2:
        scene = _with_specks(scene, rng)
    if rng.random() < 0.1:
        scene = _on_a_table(scene, to_canvas, written or [(0.0, 0.0, 1.0, 1.0)], rng)
    return _with_object(scene, rng) if rng.random() < 0.14 else scene


def _of_a_line(ink: Colour, rng: np.random.Generator) -> Colour:
    return ink if rng.random() < 0.25 else rng.uniform(0, 255, 3).astype(np.float32)


def _frame(rng: np.random.Generator) -> tuple[float, float, float, float]:
    left, top, right, bottom = rng.uniform(0.1, 0.9, 4)
    return -left, -top, 0.8 + left + right, 1 + top + bottom


def _with_rules(scene: Floats, to_canvas: Transform, ink: Colour, rng: np.random.Generator) -> Floats:
    """Ruled or squared paper, or a single line under, above or beside the writing."""
    side = len(scene)
    scale = float(np.sqrt(abs(np.linalg.det(to_canvas[:, :2]))))
    step = max(rng.uniform(0.3, 2.5), 5.0 / scale)
    colour, opacity = _of_a_line(ink, rng), rng.uniform(0.15, 1)
    width = float(np.exp(rng.uniform(np.log(0.5), np.log(2.5))))
    squared, start = rng.random() < 0.4, rng.uniform(0, step)
    reach = 2.0 * side / scale
    count = 1 if rng.random() < 0.15 else min(60, int(2 * reach / step))
    cover = np.zeros((side, side), np.float32)
    for number in range(count):
        at = start + (number - count // 2) * step
        lines = [np.array([(-reach, at), (reach, at)])]
        if squared:
            lines.append(np.array([(at, -reach), (at, reach)]))
        for line in lines:
            np.maximum(cover, line_cover(side, apply(to_canvas, line), width), out=cover)
    return blended(scene, opacity * cover, colour)


def _with_specks(scene: Floats, rng: np.random.Generator) -> Floats:
    import cv2

    side = len(scene)
    specks = np.zeros((side, side), np.uint8)
    for _ in range(int(rng.integers(1, 16))):
        x, y = rng.integers(0, side, 2).tolist()
        axes = tuple(max(1, round(16 * length)) for length in rng.uniform(0.4, 2.0, 2) * rng.uniform(0.4, 1.3))
        cv2.ellipse(specks, (16 * x, 16 * y), axes, rng.uniform(0, 180), 0, 360, 255, -1, cv2.LINE_AA, 4)
    cover = (specks * np.float32(rng.uniform(0.3, 1) / 255)).astype(np.float32)
    return blended(scene, cover, rng.uniform(0, 200, 3).astype(np.float32))


def _on_a_table(scene: Floats, to_canvas: Transform, written: Sequence[Box], rng: np.random.Generator) -> Floats:
    """The page as a sheet around the writing, on something else."""
    import cv2

    side = len(scene)
    left, top, right, bottom = rng.uniform(0.2, 2.0, 4)
    width, height = max(x + w for x, _, w, _ in written), max(y + h for _, y, _, h in written)
    corners = np.array(
        [(-left, -top), (width + right, -top), (width + right, height + bottom), (-left, height + bottom)]
    )
    outline = apply(to_canvas, corners + rng.normal(0, 0.08, corners.shape))
    drawn = np.zeros((side, side), np.uint8)
    cv2.fillPoly(drawn, [np.round(outline * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    table = rng.uniform(0, 255, 3).astype(np.float32) + rng.uniform(1, 4) * texture(side, rng)[..., None]
    around = np.asarray(1 - drawn / np.float32(255), np.float32)
    return blended(scene, around, np.asarray(table, np.float32))


def _with_object(scene: Floats, rng: np.random.Generator) -> Floats:
    """The edge of the paper, or something that lies on it, from one side of the picture inwards."""
    import cv2

    side = len(scene)
    angle, depth = rng.uniform(0, 2 * np.pi), rng.uniform(0.3, 0.52)
    y, x = np.mgrid[:side, :side].astype(np.float32) / side - 0.5
    beyond = (x * np.cos(angle) + y * np.sin(angle) > depth).astype(np.float32)
    beyond = np.asarray(cv2.GaussianBlur(beyond, (0, 0), rng.uniform(0.4, 2)), np.float32)
    colour = rng.uniform(0, 255, 3).astype(np.float32) + 2 * texture(side, rng)[..., None]
    return blended(scene, beyond, colour)


def light(side: int, rng: np.random.Generator) -> Floats:
    """How much of the light falls on each pixel, float32 (side, side) in (0, 1]: uneven, or with shadows."""
    import cv2

    y, x = np.mgrid[:side, :side].astype(np.float32) / side - 0.5
    falling = np.ones((side, side), np.float32)
    if rng.random() < 0.6:
        angle, fall = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.8)
        falling *= 1 - fall * (0.5 + 0.7 * (x * np.cos(angle) + y * np.sin(angle)))
    if rng.random() < 0.38:
        angle, at = rng.uniform(0, 2 * np.pi), rng.uniform(-0.45, 0.45)
        edge = x * np.cos(angle) + y * np.sin(angle) + rng.uniform(-1, 1) * x * y > at
        shadow = rng.uniform(0.15, 0.75) * edge.astype(np.float32)
        if rng.random() < 0.6:
            shadow = np.asarray(cv2.GaussianBlur(shadow, (0, 0), rng.uniform(0.5, 8)), np.float32)
        falling *= 1 - shadow
    return np.clip(falling, 0.08, 1)

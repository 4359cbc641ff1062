"""Non-digits of strokes joined at random, with and without dots: signs of no script that anyone writes.

Letters that a network was trained on teach it those letters. Shapes without a meaning teach it that strokes may be
joined in other ways than in digits (docs/log.md, 2026-11-30).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from inkdigits.synthesis.network_inputs import family
from inkdigits.synthesis.pen_drawings import CANVAS, draw_lines
from inkdigits.synthesis.straight_strokes import is_straight

__all__ = ["joined_strokes"]

Grey = NDArray[np.uint8]
Points = NDArray[np.float64]

_STEPS = 24  # points of a stroke
_DOTTED = 0.35  # fraction of the shapes that have dots


@family
def joined_strokes(rng: np.random.Generator) -> Grey | None:
    """Two to four lines, arcs, hooks and curves joined at random, or one that is bent and has dots.

    Two strokes without a dot are drawn half as often as the rest, since some of them are a 1, a 4 or a 7.
    """
    count = int(rng.choice([1, 2, 3, 4], p=[0.15, 0.35, 0.35, 0.15]))
    dotted = count == 1 or rng.random() < _DOTTED or (count == 2 and rng.random() < 0.5)
    strokes = _strokes(count, rng)
    centred = _fitted(strokes)
    canvas, pen = np.zeros((CANVAS, CANVAS), np.uint8), int(rng.integers(2, 9))
    for points in centred:
        draw_lines(canvas, points, pen)
    if dotted:
        _draw_dots(canvas, centred, rng.uniform(0.6, 1.0) * pen + 1, rng)
        return canvas
    return None if is_straight(canvas) else canvas  # which may be a 1


def _strokes(count: int, rng: np.random.Generator) -> list[Points]:
    strokes = [_stroke(np.zeros(2), count == 1, rng)]
    while len(strokes) < count:
        last = strokes[int(rng.integers(len(strokes)))]
        start = last[int(rng.choice([0, -1, int(rng.integers(_STEPS))]))]
        if rng.random() < 0.25:
            start = start + rng.normal(0, 0.3, 2)
        strokes.append(_stroke(start, False, rng))
    return strokes


def _stroke(start: Points, bent: bool, rng: np.random.Generator) -> Points:
    """A path from `start`, (24, 2): its direction turns by one or two rates, which are zero in lines."""
    length, heading = rng.uniform(0.5, 1.6), rng.uniform(0, 2 * math.pi)
    turns = rng.uniform(-1, 1, 2) * math.pi * rng.choice([1.0, 1.8])
    kind = rng.random()
    if kind < 0.35 and not bent:
        turns[:] = 0
    elif kind < 0.65:
        turns[1] = turns[0]  # an arc
    elif kind < 0.8:
        turns[0] = 0  # a hook
    first = int(rng.integers(6, _STEPS - 6))
    rates = np.where(np.arange(_STEPS) < first, turns[0] / first, turns[1] / (_STEPS - first))
    angles = heading + np.cumsum(rates)
    steps = np.stack([np.cos(angles), np.sin(angles)], axis=1) * length / _STEPS
    return np.asarray(start + np.cumsum(steps, axis=0))


def _fitted(strokes: list[Points]) -> list[Points]:
    """The strokes, as large as the canvas allows with room for dots."""
    every = np.concatenate(strokes)
    low, high = every.min(axis=0), every.max(axis=0)
    scale = 48 / max(float((high - low).max()), 0.4)
    return [(points - (low + high) / 2) * scale + CANVAS / 2 for points in strokes]


def _draw_dots(canvas: Grey, strokes: list[Points], radius: float, rng: np.random.Generator) -> None:
    """One to three dots in a line above, below or beside the strokes."""
    import cv2

    every = np.concatenate(strokes)
    side = int(rng.integers(4))
    axis, sign = side % 2, 1 if side < 2 else -1
    edge = every[:, axis].max() if sign > 0 else every[:, axis].min()
    count = int(rng.choice([1, 2, 3], p=[0.5, 0.35, 0.15]))
    centre = np.median(every, axis=0) + rng.normal(0, 6, 2)
    centre[axis] = edge + sign * rng.uniform(1.2, 2.2) * radius
    gap = rng.uniform(2.4, 3.2) * radius
    for number in range(count):
        at = centre.copy()
        at[1 - axis] += (number - (count - 1) / 2) * gap
        at = np.clip(at, radius, CANVAS - radius)
        cv2.circle(canvas, (round(at[0]), round(at[1])), max(1, round(radius)), 255, -1, cv2.LINE_AA)

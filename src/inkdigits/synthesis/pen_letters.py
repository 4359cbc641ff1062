"""Handwritten letters, stroke by stroke, because few fonts have handwritten Greek, which people write beside numbers.

Letters with the shape of a digit are left out (`glyphs.py` lists them), and so is a y with a round bottom, which may be
read as a 4.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from inkdigits.synthesis.network_inputs import draw_network_inputs
from inkdigits.synthesis.pen_drawings import CANVAS, draw_lines, smooth

__all__ = ["HELD_OUT_LETTERS", "TRAINED_LETTERS", "pen_letters", "pen_letters_held_out"]

Grey = NDArray[np.uint8]
Stroke = list[tuple[float, float]]

# Points (x, y) on the path of the pen, with y downwards, in [-1, 1].
_ALPHA: Stroke = [(0.8, -0.8), (0.2, 0.2), (-0.4, 0.6), (-0.85, 0), (-0.4, -0.6), (0.2, -0.1), (0.6, 0.6), (0.9, 0.7)]
_PHI: Stroke = [
    (-0.6, -0.6),
    (-0.8, 0),
    (-0.3, 0.5),
    (0.3, 0.5),
    (0.8, -0.1),
    (0.5, -0.7),
    (0.1, -0.4),
    (0, 0.3),
    (0, 1),
]
_OMEGA_LEFT: Stroke = [(-0.6, -0.6), (-0.9, 0.1), (-0.5, 0.6), (-0.05, 0.3), (0, -0.2)]
_OMEGA_RIGHT: Stroke = [(0, -0.2), (0.05, 0.3), (0.5, 0.6), (0.9, 0.1), (0.6, -0.6)]
_GREAT_OMEGA: Stroke = [
    *[(-0.9, 0.8), (-0.4, 0.8), (-0.5, 0.4), (-0.8, -0.2), (-0.3, -0.85)],
    *[(0.3, -0.85), (0.8, -0.2), (0.5, 0.4), (0.4, 0.8), (0.9, 0.8)],
]
_GAMMA_LOOP: Stroke = [
    *[(-0.8, -0.7), (-0.5, -0.9), (-0.1, -0.1), (0.1, 0.6), (0, 1)],
    *[(-0.15, 0.8), (0, 0.3), (0.4, -0.3), (0.8, -0.9)],
]
_E: Stroke = [(-0.6, 0), (0.5, -0.1), (0.3, -0.6), (-0.2, -0.7), (-0.6, 0), (-0.3, 0.6), (0.3, 0.7), (0.6, 0.4)]

TRAINED_LETTERS: Mapping[str, list[Stroke]] = {
    "alpha": [_ALPHA],
    "gamma": [[(-0.7, -0.8), (-0.4, -0.9), (-0.1, -0.2), (0, 0.2)], [(0.7, -0.9), (0.1, 0.1), (-0.3, 1)]],
    "gamma with a loop": [_GAMMA_LOOP],
    "epsilon": [[(0.6, -0.7), (0.1, -0.9), (-0.4, -0.6), (0, -0.1), (-0.5, 0.3), (-0.2, 0.85), (0.6, 0.7)]],
    "eta": [[(-0.6, -0.5), (-0.5, -0.8), (-0.4, 0.4)], [(-0.4, -0.3), (0, -0.8), (0.4, -0.5), (0.4, 0.3), (0.4, 1)]],
    "lambda": [[(-0.6, -0.8), (-0.3, -0.9), (0, -0.3), (0.4, 0.6), (0.7, 0.8)], [(0, -0.2), (-0.3, 0.3), (-0.6, 0.9)]],
    "plain lambda": [[(-0.4, -0.9), (0.1, 0), (0.6, 0.9)], [(0.1, 0), (-0.6, 0.9)]],
    "hasty lambda": [[(0.5, -0.9), (0, 0.1), (-0.5, 0.9)], [(0, 0.1), (0.5, 0.6)]],
    "nu": [[(-0.6, -0.7), (-0.3, 0), (0, 0.8)], [(0, 0.8), (0.4, 0.1), (0.6, -0.8)]],
    "rho": [[(-0.4, 1), (-0.4, 0), (-0.3, -0.6), (0.2, -0.8), (0.6, -0.3), (0.2, 0.2), (-0.35, 0.1)]],
    "phi": [_PHI],
    "chi": [[(-0.7, -0.8), (-0.3, -0.5), (0.3, 0.5), (0.7, 0.8)], [(0.7, -0.8), (0, 0), (-0.7, 0.8)]],
    "omega": [_OMEGA_LEFT, _OMEGA_RIGHT],
    "great sigma": [[(0.6, -0.8), (-0.6, -0.8), (0, 0), (-0.6, 0.8), (0.6, 0.8)]],
    "great lambda": [[(-0.6, 0.9), (0, -0.9)], [(0, -0.9), (0.6, 0.9)]],
    "great omega": [_GREAT_OMEGA],
    "y": [[(-0.6, -0.9), (0, 0)], [(0.6, -0.9), (0, 0), (-0.5, 1)]],
    "pi": [
        [(-0.9, -0.6), (0, -0.7), (0.9, -0.7)],
        [(-0.4, -0.65), (-0.4, 0.1), (-0.6, 0.7)],
        [(0.4, -0.65), (0.5, 0.7)],
    ],
    "e": [_E],
    "h": [[(-0.5, -0.9), (-0.5, 0.8)], [(-0.5, 0.1), (0, -0.3), (0.4, 0), (0.4, 0.8)]],
    "n": [[(-0.5, -0.6), (-0.5, 0.7)], [(-0.5, -0.2), (0, -0.6), (0.4, -0.3), (0.4, 0.7)]],
    "k": [[(-0.5, -0.9), (-0.5, 0.9)], [(0.5, -0.4), (-0.4, 0.2), (0, 0.3), (0.6, 0.9)]],
}
HELD_OUT_LETTERS: Mapping[str, list[Stroke]] = {
    "mu": [[(-0.5, -0.6), (-0.6, 0.2), (-0.7, 1)], [(-0.55, -0.3), (-0.4, 0.4), (0.1, 0.4), (0.4, -0.6), (0.6, 0.5)]],
    "psi": [[(-0.8, -0.7), (-0.7, 0), (0, 0.3), (0.7, 0), (0.8, -0.7)], [(0, -0.9), (0, 1)]],
    "great xi": [[(-0.6, -0.8), (0.6, -0.8)], [(-0.4, 0), (0.4, 0)], [(-0.6, 0.8), (0.6, 0.8)]],
    "great gamma": [[(-0.4, 0.9), (-0.4, -0.8)], [(-0.4, -0.8), (0.6, -0.8)]],
    "m": [[(-0.8, -0.5), (-0.8, 0.6)], [(-0.8, -0.2), (-0.4, -0.6), (0, 0.6)], [(0, -0.2), (0.4, -0.6), (0.8, 0.6)]],
}


def pen_letters(rng: np.random.Generator, n: int) -> Grey:
    """Greek and Latin letters for training, in random handwriting."""
    return _written(TRAINED_LETTERS, rng, n)


def pen_letters_held_out(rng: np.random.Generator, n: int) -> Grey:
    """Letters that are held out for evaluation."""
    return _written(HELD_OUT_LETTERS, rng, n)


def _written(letters: Mapping[str, list[Stroke]], rng: np.random.Generator, n: int) -> Grey:
    names = list(letters)
    return draw_network_inputs(lambda rng: _letter(letters[names[int(rng.integers(len(names)))]], rng), rng, n)


def _letter(strokes: list[Stroke], rng: np.random.Generator) -> Grey:
    canvas, pen = np.zeros((CANVAS, CANVAS), np.uint8), int(rng.integers(2, 9))
    angle, slant = rng.normal(0, 0.12), rng.normal(0, 0.2)
    size = 24 * rng.uniform(0.7, 1.25, 2)
    transform = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle) + slant, np.cos(angle)]])
    # One displacement for each point, so that strokes that meet still meet.
    moved: dict[tuple[float, float], NDArray[np.float64]] = {}
    curved = rng.random() < 0.85
    for stroke in strokes:
        points = np.array([moved.setdefault(p, np.array(p) + rng.normal(0, 0.09, 2)) for p in stroke])
        if curved and len(points) > 2:
            points = smooth(np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]]))
        draw_lines(canvas, (points @ transform) * size + CANVAS / 2, pen)
    return canvas

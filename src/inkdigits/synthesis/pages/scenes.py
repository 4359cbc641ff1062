"""Scenes without writing, as photographs show them: objects that lie over each other, and silhouettes.

Objects of all sizes that cover each other have the statistics of photographs (Lee, Mumford and Huang 2001, "Occlusion
models for natural images"). Chances and ranges were set by hand.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inkdigits.synthesis.pages.paper import blended, texture

__all__ = ["draw_scene"]

Floats = NDArray[np.float32]


def draw_scene(side: int, rng: np.random.Generator) -> Floats:
    """A scene float32 (side, side, 3) in grey levels."""
    import cv2

    base = rng.uniform(0, 255, 3)
    roughness = rng.uniform(1, 8) if rng.random() < 0.5 else 1.0
    scene = np.broadcast_to(base.astype(np.float32), (side, side, 3)) + roughness * texture(side, rng)[..., None]
    if rng.random() < 0.2:
        scene = scene + _streaks(side, rng)[..., None]
    spread = rng.uniform(10, 110)
    objects = 1 if rng.random() < 0.12 else int(rng.integers(0, 60))
    longest = rng.choice([0.4, 0.8, 1.4])
    for _ in range(objects):
        size = side * (rng.uniform(0.25, 0.5) if objects == 1 else min(0.5, 0.03 * rng.pareto(1.2) + 0.02))
        cover = _silhouette(side, rng.uniform(0, side, 2) if objects > 1 else np.full(2, side / 2), size, longest, rng)
        if rng.random() < 0.5:
            cover = np.asarray(cv2.GaussianBlur(cover, (0, 0), rng.uniform(0.4, 3)), np.float32)
        colour = np.clip(base + rng.normal(0, spread, 3), 0, 255).astype(np.float32)
        shade = _shading(side, rng) if rng.random() < 0.5 else np.float32(0)
        scene = blended(scene, cover, np.asarray(colour + shade, np.float32))
    return np.asarray(scene, np.float32)


def _silhouette(
    side: int, middle: NDArray[np.float64], size: float, longest: float, rng: np.random.Generator
) -> Floats:
    """The coverage by an irregular outline around `middle`, smooth or angular; its logarithmic stretch is `longest`."""
    import cv2

    corners = int(rng.integers(3, 16))
    angles = np.sort(rng.uniform(0, 2 * np.pi, corners)) if rng.random() < 0.5 else np.linspace(0, 2 * np.pi, 24)
    radius = size * np.clip(rng.normal(1, rng.uniform(0, 0.45), len(angles)), 0.15, 2)
    stretch = np.exp(rng.normal(0, longest))
    turn = rng.uniform(0, np.pi)
    outline = np.stack([radius * np.cos(angles) * stretch, radius * np.sin(angles) / stretch], axis=1)
    outline = outline @ np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) + middle
    drawn = np.zeros((side, side), np.uint8)
    cv2.fillPoly(drawn, [np.round(outline * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    return (drawn / np.float32(255)).astype(np.float32)


def _streaks(side: int, rng: np.random.Generator) -> Floats:
    """Streaks as in wood, hair and grass, of any direction, in grey levels."""
    import cv2

    noise = rng.standard_normal((2 * side, 2 * side), np.float32)
    streaks = cv2.GaussianBlur(noise, (0, 0), rng.uniform(0.6, 3), sigmaY=rng.uniform(4, 25))
    turn = cv2.getRotationMatrix2D((side, side), float(rng.uniform(0, 180)), 1.0)
    turned = cv2.warpAffine(streaks, turn, (2 * side, 2 * side))[
        side // 2 : side // 2 + side, side // 2 : side // 2 + side
    ]
    return np.asarray(turned * (rng.uniform(10, 50) / turned.std()), np.float32)


def _shading(side: int, rng: np.random.Generator) -> Floats:
    y, x = np.mgrid[:side, :side].astype(np.float32) / side - 0.5
    angle = rng.uniform(0, 2 * np.pi)
    return np.asarray((rng.uniform(0, 200) * (x * np.cos(angle) + y * np.sin(angle)))[..., None], np.float32)

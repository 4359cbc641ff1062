"""Digits shifted, rotated, scaled, sheared, warped, thickened and thinned by given amounts.

Every function takes images uint8 (n, 28, 28), white on black, and returns new ones of the same shape and type. What
leaves the picture is lost.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "elastically_warped",
    "perspective_warped",
    "rotated",
    "scaled",
    "sheared",
    "shifted",
    "thickened",
    "thinned",
]

Grey = NDArray[np.uint8]
Floats = NDArray[np.float64]

_SIDE = 28
_MIDDLE = (_SIDE - 1) / 2
_OVERSAMPLING = 4  # strokes are measured on a grid this many times finer


def shifted(images: Grey, right: ArrayLike, down: ArrayLike) -> Grey:
    """Shifted by `right` and `down` pixels, which may be fractional; one value for all or (n,)."""
    moves = np.broadcast_to(np.stack(np.broadcast_arrays(right, down), axis=-1), (len(images), 2)).astype(np.float64)
    return _warped(images, (np.column_stack([np.eye(2), move]) for move in moves))


def rotated(images: Grey, degrees: ArrayLike) -> Grey:
    """Rotated clockwise around the middle; one value for all or (n,)."""
    turns = np.radians(np.broadcast_to(degrees, len(images)))
    return _warped(images, (_about_middle([[math.cos(t), -math.sin(t)], [math.sin(t), math.cos(t)]]) for t in turns))


def scaled(images: Grey, factor: ArrayLike) -> Grey:
    """Enlarged (`factor` above 1) or shrunk around the middle, smoothed before shrinking; one value for all or (n,)."""
    factors = np.broadcast_to(factor, len(images))
    return _warped(images, (_about_middle([[f, 0], [0, f]]) for f in factors))


def sheared(images: Grey, slant: ArrayLike) -> Grey:
    """Sheared by `slant` pixels to the right for every pixel up; one value for all or (n,)."""
    slants = np.broadcast_to(slant, len(images))
    return _warped(images, (_about_middle([[1, -s], [0, 1]]) for s in slants))


def perspective_warped(images: Grey, corners: Floats) -> Grey:
    """Projected so that each corner of the picture moves by its row of `corners` (n, 4, 2), in pixels."""
    import cv2

    edge = _SIDE - 1
    square = np.array([[0, 0], [edge, 0], [edge, edge], [0, edge]], np.float32)
    out = np.empty_like(images)
    for row, moves in enumerate(corners):
        matrix = cv2.getPerspectiveTransform(square, (square + moves).astype(np.float32))
        out[row] = cv2.warpPerspective(images[row], matrix, (_SIDE, _SIDE), flags=cv2.INTER_LINEAR)
    return out


def elastically_warped(images: Grey, pixels: float, rng: np.random.Generator, smoothness: float = 3.5) -> Grey:
    """Warped by smooth random displacements of at most `pixels` (Simard, Steinkraus and Platt 2003).

    `smoothness` is the standard deviation of their Gaussian filter in pixels.
    """
    import cv2

    y, x = np.mgrid[0:_SIDE, 0:_SIDE].astype(np.float32)
    fields = rng.uniform(-1, 1, (len(images), 2, _SIDE, _SIDE)).astype(np.float32)
    out = np.empty_like(images)
    for row, field in enumerate(fields):
        smooth = [cv2.GaussianBlur(part, (0, 0), smoothness) for part in field]
        largest = max(1e-6, *(float(np.abs(part).max()) for part in smooth))
        across, down = (part * (pixels / largest) for part in smooth)
        out[row] = cv2.remap(images[row], x + across, y + down, cv2.INTER_LINEAR)
    return out


def thickened(images: Grey, pixels: ArrayLike) -> Grey:
    """Strokes thickened by `pixels` on each side, or thinned if negative; one value for all or (n,).

    Strokes thinner than what is taken away vanish; `thinned` avoids that.
    """
    amounts = np.broadcast_to(pixels, len(images))
    return _redrawn((_edge_distance(image), float(amount)) for image, amount in zip(images, amounts, strict=True))


def thinned(images: Grey, fraction: float) -> Grey:
    """Strokes thinned to `fraction`, in [0, 1], of their own thickness."""
    distances = (_edge_distance(image) for image in images)
    return _redrawn((distance, -(1 - fraction) * _half_stroke(distance)) for distance in distances)


def _half_stroke(distance: Floats) -> float:
    """Half of the thickness of the strokes in pixels: the median distance of their middles from the edge."""
    import cv2

    inside = distance.astype(np.float32)
    ridge = inside[(inside > 0) & (inside >= cv2.dilate(inside, np.ones((3, 3), np.uint8)) - 1e-3)]
    return float(np.median(ridge)) if len(ridge) else 0.0


def _edge_distance(image: Grey) -> Floats:
    """The distance of each point of the finer grid from the edge of the ink, in pixels; negative outside."""
    import cv2

    side = _SIDE * _OVERSAMPLING
    ink = (cv2.resize(image, (side, side), interpolation=cv2.INTER_CUBIC) > 127).astype(np.uint8)
    inside = cv2.distanceTransform(ink, cv2.DIST_L2, 5)
    outside = cv2.distanceTransform(1 - ink, cv2.DIST_L2, 5)
    return np.asarray((inside - outside) / _OVERSAMPLING, np.float64)


def _redrawn(edges: Iterable[tuple[Floats, float]]) -> Grey:
    import cv2

    drawn = [
        cv2.resize(
            np.clip((distance + amount) * _OVERSAMPLING + 0.5, 0, 1) * 255, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA
        )
        for distance, amount in edges
    ]
    return np.reshape(np.round(drawn), (-1, _SIDE, _SIDE)).astype(np.uint8)


def _about_middle(matrix: list[list[float]]) -> Floats:
    """The 2x3 matrix that applies `matrix` to (x, y) and maps the middle to itself."""
    linear = np.array(matrix, np.float64)
    return np.column_stack([linear, _MIDDLE - linear.sum(axis=1) * _MIDDLE])


def _warped(images: Grey, matrices: Iterable[Floats]) -> Grey:
    import cv2

    out = np.empty_like(images)
    for row, matrix in enumerate(matrices):
        shrink = math.sqrt(abs(float(np.linalg.det(matrix[:, :2]))))
        # Without smoothing, shrinking would leave gaps in thin strokes.
        source = cv2.GaussianBlur(images[row], (0, 0), 0.5 / shrink) if shrink < 0.75 else images[row]
        out[row] = cv2.warpAffine(source, matrix, (_SIDE, _SIDE), flags=cv2.INTER_LINEAR)
    return out

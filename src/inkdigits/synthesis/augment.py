"""Digits as other hands, pens and cameras would have made them: what the reader is trained on.

Every change leaves a digit the digit that it was; there is no flip, which would make other signs of them. Distortions
after Simard, Steinkraus, Platt 2003, "Best practices for convolutional neural networks applied to visual document
analysis"; the rest is what pictures of ink on paper meet.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["augment"]

Pictures = NDArray[np.uint8]
Floats = NDArray[np.float32]
# So many pictures at once: their maps of displacements take 25 MB.
_CHUNK = 4000
_SIDE, _BOX = 28, 20  # pixels, of a picture and of the box that its digit fills
_CHANGED = 6 / 7  # of all pictures
_FAINT = 20  # weaker than this is a faint edge


def augment(images: Pictures, rng: np.random.Generator, strength: float = 1.0) -> Pictures:
    """`images` uint8 (n, 28, 28), white ink on black, each changed at random; the same shape.

    `strength` scales how far: 0 changes nothing, 1 is what the reader is trained with. One in seven stays as it is, and
    a third of the others is only bent, so that clean ones stay in sight: to bend is to blur a little, and a network
    that never sees a sharp digit takes sharpness for a sign of something else.
    """
    if strength == 0:
        return images
    result = np.empty_like(images)
    for start in range(0, len(images), _CHUNK):
        chunk = slice(start, start + _CHUNK)
        result[chunk] = _augmented(images[chunk], rng, strength)
    return result


def _augmented(images: Pictures, rng: np.random.Generator, strength: float) -> Pictures:
    changed = rng.random(len(images)) < _CHANGED
    bent = np.where(changed[:, None, None], _bend(images, rng, strength), images)
    worn = changed & (rng.random(len(images)) < 2 / 3)
    for wear, share in _WEAR:
        for index in np.flatnonzero(worn & (rng.random(len(images)) < share * strength)):
            bent[index] = wear(bent[index], rng)
    return bent


def _bend(images: Pictures, rng: np.random.Generator, strength: float) -> Pictures:
    """Shifted, turned, sheared, scaled, seen askew and stretched like rubber, in one interpolation."""
    import cv2

    rows, columns = _sources(len(images), rng, strength)
    bent = np.empty_like(images)
    for index, picture in enumerate(images):
        cv2.remap(picture, columns[index], rows[index], cv2.INTER_LINEAR, bent[index])
    return bent


def _sources(n: int, rng: np.random.Generator, strength: float) -> tuple[Floats, Floats]:
    """Where each pixel of n pictures comes from: rows and columns, float32 (n, 28, 28)."""
    middle = (_SIDE - 1) / 2
    y, x = np.mgrid[:_SIDE, :_SIDE].astype(np.float32) - middle
    transform = _perspectives(n, rng, strength)
    points = np.stack([x.ravel(), y.ravel(), np.ones(_SIDE * _SIDE, np.float32)])
    mapped = transform @ points
    mapped = mapped[:, :2] / mapped[:, 2:] + middle
    rubber = _rubber(n, rng) * strength
    columns = mapped[:, 0].reshape(n, _SIDE, _SIDE) + rubber[0]
    rows = mapped[:, 1].reshape(n, _SIDE, _SIDE) + rubber[1]
    return rows.astype(np.float32), columns.astype(np.float32)


def _perspectives(n: int, rng: np.random.Generator, strength: float) -> Floats:
    """Random 3x3 projections (n, 3, 3) around the middle of the picture."""

    def spread(width: float) -> NDArray[np.float64]:
        return rng.uniform(-width, width, n) * strength

    # A few degrees for most, more for some: handwriting leans, and sheets are held askew.
    angle, shear = np.deg2rad(spread(10) + spread(6)), spread(0.15) + spread(0.1)
    scale = np.exp(spread(0.12) + 0.04 * strength)
    aspect = np.exp(spread(0.1))
    transform = np.zeros((n, 3, 3), np.float32)
    transform[:, 0, 0] = np.cos(angle) * scale * aspect
    transform[:, 0, 1] = (-np.sin(angle) + shear) * scale * aspect
    transform[:, 1, 0] = np.sin(angle) * scale / aspect
    transform[:, 1, 1] = np.cos(angle) * scale / aspect
    transform[:, 0, 2], transform[:, 1, 2] = spread(1.0) + spread(0.8), spread(1.0) + spread(0.8)
    transform[:, 2, 0], transform[:, 2, 1] = spread(0.006), spread(0.006)
    transform[:, 2, 2] = 1
    return transform


def _rubber(n: int, rng: np.random.Generator) -> Floats:
    """Smooth displacements in pixels, float32 (2, n, 28, 28): noise on a coarse grid, interpolated by cubics."""
    import cv2

    knots = rng.normal(0, 0.9, (n, 5, 5, 2)).astype(np.float32)
    fields = np.empty((n, _SIDE, _SIDE, 2), np.float32)
    for index in range(n):
        fields[index] = cv2.resize(knots[index], (_SIDE, _SIDE), interpolation=cv2.INTER_CUBIC)
    return np.moveaxis(fields, -1, 0)


def _thicken(picture: Pictures, rng: np.random.Generator) -> Pictures:
    import cv2

    return _mixed(picture, cv2.dilate(picture, _pen(rng)), rng.uniform(0.3, 1))


def _thin(picture: Pictures, rng: np.random.Generator) -> Pictures:
    import cv2

    return _mixed(picture, cv2.erode(picture, _pen(rng)), rng.uniform(0.2, 0.8))


def _pen(rng: np.random.Generator) -> Pictures:
    """A pen's tip: a cross, or a bar in one of two directions."""
    return [
        np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8),
        np.ones((2, 2), np.uint8),
        np.ones((1, 2), np.uint8),
        np.ones((2, 1), np.uint8),
    ][rng.integers(4)]


def _mixed(one: Any, other: Any, share: float) -> Pictures:
    return _pixels(one * (1 - share) + other * share)


def _pixels(values: NDArray[np.floating[Any]]) -> Pictures:
    pixels: Pictures = np.clip(values, 0, 255).astype(np.uint8)
    return pixels


def _blur(picture: Pictures, rng: np.random.Generator) -> Pictures:
    import cv2

    return np.asarray(cv2.GaussianBlur(picture, (5, 5), rng.uniform(0.4, 1.1)), np.uint8)


def _coarsen(picture: Pictures, rng: np.random.Generator) -> Pictures:
    """As from a picture whose digit is 7 to 12 pixels high or wide: cut out, made small, and large again."""
    import cv2

    rows, columns = (np.flatnonzero((picture > _FAINT).any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return picture
    ink = picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = ink.shape[0], ink.shape[1] * rng.uniform(0.8, 1.35)
    scale = int(rng.integers(7, 13)) / max(height, width)
    small = cv2.resize(ink, (max(2, round(width * scale)), max(2, round(height * scale))), interpolation=cv2.INTER_AREA)
    method = cv2.INTER_LINEAR if rng.random() < 0.3 else cv2.INTER_CUBIC
    fit = _BOX / max(small.shape)
    sides = [max(2, round(side * fit)) for side in small.shape]
    large = cv2.resize(small, (sides[1], sides[0]), interpolation=method)
    canvas = np.zeros_like(picture)
    top, left = (int((_SIDE - side) / 2 + rng.uniform(-0.5, 1.5)) for side in sides)
    canvas[top : top + sides[0], left : left + sides[1]] = _pixels(large * rng.uniform(1, 1.4))
    return canvas


def _sharpen(picture: Pictures, rng: np.random.Generator) -> Pictures:
    """Towards two tones, as a drawing program or a threshold makes it."""
    level, gain = rng.uniform(60, 150), rng.uniform(2, 8)
    return _pixels((picture.astype(np.float32) - level) * gain + level)


def _fade(picture: Pictures, rng: np.random.Generator) -> Pictures:
    return _pixels(picture * rng.uniform(0.45, 1))


def _noise(picture: Pictures, rng: np.random.Generator) -> Pictures:
    noise = rng.normal(0, rng.uniform(4, 30), picture.shape)
    # Mostly noise in the ink alone: what finds ink blackens the paper.
    where = picture > 0 if rng.random() < 0.6 else True
    return _pixels(picture + noise * where)


def _break(picture: Pictures, rng: np.random.Generator) -> Pictures:
    """A gap across the strokes, as wide as a pen that skips."""
    import cv2

    start, end = _chord(rng)
    return np.asarray(cv2.line(picture.copy(), start, end, 0, int(rng.integers(1, 3)), cv2.LINE_AA), np.uint8)


def _line_through(picture: Pictures, rng: np.random.Generator) -> Pictures:
    """A faint line, as what is left of ruled or squared paper."""
    import cv2

    lines = np.zeros_like(picture)
    along, shift = rng.integers(2), int(rng.integers(2, _SIDE - 2))
    tilt = int(rng.integers(-2, 3))
    start, end = (0, shift), (_SIDE - 1, shift + tilt)
    if along:
        start, end = start[::-1], end[::-1]
    cv2.line(lines, start, end, int(rng.integers(60, 230)), 1, cv2.LINE_AA)
    return np.maximum(picture, lines)


def _specks(picture: Pictures, rng: np.random.Generator) -> Pictures:
    result = picture.copy()
    for row, column in rng.integers(0, _SIDE - 1, (int(rng.integers(1, 4)), 2)):
        result[row : row + 1 + rng.integers(2), column : column + 1 + rng.integers(2)] = rng.integers(80, 255)
    return result


def _chord(rng: np.random.Generator) -> tuple[tuple[int, int], tuple[int, int]]:
    """Two points on a line through the middle part of the picture."""
    centre, angle = rng.uniform(8, 20, 2), rng.uniform(0, np.pi)
    arm = np.array([np.cos(angle), np.sin(angle)]) * 30
    first, last = centre - arm, centre + arm
    return (int(first[0]), int(first[1])), (int(last[0]), int(last[1]))


Wear = Callable[[Pictures, np.random.Generator], Pictures]
# Each kind of wear and the share of the worn pictures that meet it.
_WEAR: tuple[tuple[Wear, float], ...] = (
    (_coarsen, 0.2),
    (_thicken, 0.25),
    (_thin, 0.2),
    (_break, 0.08),
    (_line_through, 0.06),
    (_blur, 0.15),
    (_sharpen, 0.25),
    (_fade, 0.1),
    (_noise, 0.15),
    (_specks, 0.06),
)

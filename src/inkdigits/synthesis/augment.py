"""Data augmentation: digits as other hands, pens and cameras would have made them.

Every change keeps the digit's label, so there are no flips. Elastic warps are those of Simard, Steinkraus and Platt
2003, "Best practices for convolutional neural networks applied to visual document analysis"; the degradations are those
of photographed and scanned paper. Fractions and limits were set by hand; those that were measured name docs/log.md.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.normalize import BOX, SIZE
from inkdigits.synthesis.warp_ranges import LOG_ASPECT, LOG_SCALE, PERSPECTIVE, ROTATION, SHEAR, SHIFT

__all__ = ["augment"]

Pictures = NDArray[np.uint8]
Floats = NDArray[np.float32]
# Pictures that are warped at a time, which bounds the memory for their displacements.
_CHUNK = 4000
# The fraction of pictures that are changed (docs/log.md, 2026-11-24), and of those the fraction that are degraded too.
_CHANGED, _DEGRADED = 6 / 7, 2 / 3
_MEAN_LOG_SCALE = 0.04  # digits are made smaller on average, since the source of a pixel is scaled
_MIN_INK = 20  # grey levels; lower values are faint edges


def augment(images: Pictures, rng: np.random.Generator, magnitude: float = 1.0) -> Pictures:
    """`images` uint8 (n, 28, 28), white ink on black, each changed at random; an array of the same shape.

    `magnitude` scales the changes: 0 changes nothing, 1 is what the reader is trained with. One picture in seven is not
    changed, and a third of the others is warped but not degraded. A warp blurs slightly, and a network that is never
    shown a sharp digit takes sharpness for a sign of a non-digit (docs/log.md, 2026-11-24).
    """
    if magnitude == 0:
        return images
    result = np.empty_like(images)
    for start in range(0, len(images), _CHUNK):
        chunk = slice(start, start + _CHUNK)
        result[chunk] = _augmented(images[chunk], rng, magnitude)
    return result


def _augmented(images: Pictures, rng: np.random.Generator, magnitude: float) -> Pictures:
    changed = rng.random(len(images)) < _CHANGED
    result = np.where(changed[:, None, None], _warped(images, rng, magnitude), images)
    degraded = changed & (rng.random(len(images)) < _DEGRADED)
    for degrade, fraction in _DEGRADATIONS:
        for index in np.flatnonzero(degraded & (rng.random(len(images)) < fraction * magnitude)):
            result[index] = degrade(result[index], rng)
    return result


def _warped(images: Pictures, rng: np.random.Generator, magnitude: float) -> Pictures:
    """Projective and elastic warps of `images`, combined in one interpolation."""
    import cv2

    rows, columns = _sources(len(images), rng, magnitude)
    warped = np.empty_like(images)
    for index, picture in enumerate(images):
        cv2.remap(picture, columns[index], rows[index], cv2.INTER_LINEAR, warped[index])
    return warped


def _sources(n: int, rng: np.random.Generator, magnitude: float) -> tuple[Floats, Floats]:
    """The source of every pixel of n pictures: rows and columns, float32 (n, 28, 28)."""
    middle = (SIZE - 1) / 2
    y, x = np.mgrid[:SIZE, :SIZE].astype(np.float32) - middle
    transform = _perspectives(n, rng, magnitude)
    points = np.stack([x.ravel(), y.ravel(), np.ones(SIZE * SIZE, np.float32)])
    mapped = transform @ points
    mapped = mapped[:, :2] / mapped[:, 2:] + middle
    elastic = _elastic(n, rng) * magnitude
    columns = mapped[:, 0].reshape(n, SIZE, SIZE) + elastic[0]
    rows = mapped[:, 1].reshape(n, SIZE, SIZE) + elastic[1]
    return rows.astype(np.float32), columns.astype(np.float32)


def _perspectives(n: int, rng: np.random.Generator, magnitude: float) -> Floats:
    """Random projections (n, 3, 3) around the middle of the picture."""

    def draw(*half_widths: float) -> NDArray[np.float64]:
        return np.asarray(sum(rng.uniform(-half, half, n) * magnitude for half in half_widths))

    angle, shear = np.deg2rad(draw(*ROTATION)), draw(*SHEAR)
    scale = np.exp(draw(LOG_SCALE) + _MEAN_LOG_SCALE * magnitude)
    aspect = np.exp(draw(LOG_ASPECT))
    transform = np.zeros((n, 3, 3), np.float32)
    transform[:, 0, 0] = np.cos(angle) * scale * aspect
    transform[:, 0, 1] = (-np.sin(angle) + shear) * scale * aspect
    transform[:, 1, 0] = np.sin(angle) * scale / aspect
    transform[:, 1, 1] = np.cos(angle) * scale / aspect
    transform[:, 0, 2], transform[:, 1, 2] = draw(*SHIFT), draw(*SHIFT)
    transform[:, 2, 0], transform[:, 2, 1] = draw(PERSPECTIVE), draw(PERSPECTIVE)
    transform[:, 2, 2] = 1
    return transform


def _elastic(n: int, rng: np.random.Generator) -> Floats:
    """Smooth displacements in pixels, float32 (2, n, 28, 28): noise on a 5x5 grid with cubic interpolation."""
    import cv2

    knots = rng.normal(0, 0.9, (n, 5, 5, 2)).astype(np.float32)
    fields = np.empty((n, SIZE, SIZE, 2), np.float32)
    for index in range(n):
        fields[index] = cv2.resize(knots[index], (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)
    return np.moveaxis(fields, -1, 0)


def _thicken(picture: Pictures, rng: np.random.Generator) -> Pictures:
    import cv2

    return _mixed(picture, cv2.dilate(picture, _pen(rng)), rng.uniform(0.3, 1))


def _thin(picture: Pictures, rng: np.random.Generator) -> Pictures:
    import cv2

    return _mixed(picture, cv2.erode(picture, _pen(rng)), rng.uniform(0.2, 0.8))


def _pen(rng: np.random.Generator) -> Pictures:
    """A structuring element shaped like the tip of a pen: a cross, a square or a bar."""
    return [
        np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8),
        np.ones((2, 2), np.uint8),
        np.ones((1, 2), np.uint8),
        np.ones((2, 1), np.uint8),
    ][rng.integers(4)]


def _mixed(one: Any, other: Any, fraction: float) -> Pictures:
    return _pixels(one * (1 - fraction) + other * fraction)


def _pixels(values: NDArray[np.floating[Any]]) -> Pictures:
    pixels: Pictures = np.clip(values, 0, 255).astype(np.uint8)
    return pixels


def _blur(picture: Pictures, rng: np.random.Generator) -> Pictures:
    import cv2

    return np.asarray(cv2.GaussianBlur(picture, (5, 5), rng.uniform(0.4, 1.1)), np.uint8)


def _coarsen(picture: Pictures, rng: np.random.Generator) -> Pictures:
    """Low resolution: the digit downscaled to 7 to 12 pixels and upscaled again (docs/log.md, 2026-11-22)."""
    import cv2

    rows, columns = (np.flatnonzero((picture > _MIN_INK).any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return picture
    ink = picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = ink.shape[0], ink.shape[1] * rng.uniform(0.8, 1.35)
    scale = int(rng.integers(7, 13)) / max(height, width)
    small = cv2.resize(ink, (max(2, round(width * scale)), max(2, round(height * scale))), interpolation=cv2.INTER_AREA)
    method = cv2.INTER_LINEAR if rng.random() < 0.3 else cv2.INTER_CUBIC
    fit = BOX / max(small.shape)
    sides = [max(2, round(side * fit)) for side in small.shape]
    large = cv2.resize(small, (sides[1], sides[0]), interpolation=method)
    canvas = np.zeros_like(picture)
    top, left = (int((SIZE - side) / 2 + rng.uniform(-0.5, 1.5)) for side in sides)
    canvas[top : top + sides[0], left : left + sides[1]] = _pixels(large * rng.uniform(1, 1.4))
    return canvas


def _sharpen(picture: Pictures, rng: np.random.Generator) -> Pictures:
    """Contrast towards black and white, as from a drawing program or a threshold."""
    level, gain = rng.uniform(60, 150), rng.uniform(2, 8)
    return _pixels((picture.astype(np.float32) - level) * gain + level)


def _fade(picture: Pictures, rng: np.random.Generator) -> Pictures:
    return _pixels(picture * rng.uniform(0.45, 1))


def _noise(picture: Pictures, rng: np.random.Generator) -> Pictures:
    noise = rng.normal(0, rng.uniform(4, 30), picture.shape)
    # Mostly in the ink alone, because the reader sets the paper to black.
    where = picture > 0 if rng.random() < 0.6 else True
    return _pixels(picture + noise * where)


def _break(picture: Pictures, rng: np.random.Generator) -> Pictures:
    """A gap across the strokes, as from a pen that skips."""
    import cv2

    start, end = _chord(rng)
    return np.asarray(cv2.line(picture.copy(), start, end, 0, int(rng.integers(1, 3)), cv2.LINE_AA), np.uint8)


def _line_through(picture: Pictures, rng: np.random.Generator) -> Pictures:
    """A faint line, such as a remnant of ruled or squared paper."""
    import cv2

    lines = np.zeros_like(picture)
    along, shift = rng.integers(2), int(rng.integers(2, SIZE - 2))
    tilt = int(rng.integers(-2, 3))
    start, end = (0, shift), (SIZE - 1, shift + tilt)
    if along:
        start, end = start[::-1], end[::-1]
    cv2.line(lines, start, end, int(rng.integers(60, 230)), 1, cv2.LINE_AA)
    return np.maximum(picture, lines)


def _specks(picture: Pictures, rng: np.random.Generator) -> Pictures:
    result = picture.copy()
    for row, column in rng.integers(0, SIZE - 1, (int(rng.integers(1, 4)), 2)):
        result[row : row + 1 + rng.integers(2), column : column + 1 + rng.integers(2)] = rng.integers(80, 255)
    return result


def _chord(rng: np.random.Generator) -> tuple[tuple[int, int], tuple[int, int]]:
    """Both ends of a line through the middle of the picture."""
    centre, angle = rng.uniform(8, 20, 2), rng.uniform(0, np.pi)
    arm = np.array([np.cos(angle), np.sin(angle)]) * 30
    first, last = centre - arm, centre + arm
    return (int(first[0]), int(first[1])), (int(last[0]), int(last[1]))


Degradation = Callable[[Pictures, np.random.Generator], Pictures]
# Each degradation and the fraction of the degraded pictures that it is applied to.
_DEGRADATIONS: tuple[tuple[Degradation, float], ...] = (
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

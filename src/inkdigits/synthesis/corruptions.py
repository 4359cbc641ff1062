"""Corruptions of pictures of digits, each at severities 1 to 5.

They follow MNIST-C (Mu and Gilmer 2019, "MNIST-C: A Robustness Benchmark for Computer Vision") but are implemented
anew, so accuracies are not comparable with those on the MNIST-C files. Each is a function of images uint8 (n, 28, 28),
white on black, a severity and a generator, and returns images of the same shape and type. Their severities were set by
hand. `families.py` lists which of them a network may be trained on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.synthesis import geometry

__all__ = ["CORRUPTIONS", "SEVERITIES", "Corruption", "corrupt"]

Grey = NDArray[np.uint8]
Floats = NDArray[np.floating[Any]]
Corruption = Callable[[Grey, int, np.random.Generator], Grey]

SEVERITIES = (1, 2, 3, 4, 5)
_SIDE = 28


def corrupt(images: Grey, kind: str, severity: int, rng: np.random.Generator) -> Grey:
    """`images` uint8 (n, 28, 28) with that corruption. Raises `ValueError` for a severity outside 1 to 5."""
    if severity not in SEVERITIES:
        raise ValueError(f"severity {severity}: expected 1 to 5")
    return CORRUPTIONS[kind](images, severity, rng)


def _bytes(values: Floats) -> Grey:
    return np.clip(np.round(values), 0, 255).astype(np.uint8)


def shot_noise(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """Few photons: each pixel is a Poisson count."""
    photons = (60, 25, 12, 6, 3)[severity - 1]
    return _bytes(rng.poisson(images / 255 * photons) * (255 / photons))


def gaussian_noise(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """A sensor's noise on ink and paper alike."""
    return _bytes(images + rng.normal(0, 255 * (0.08, 0.14, 0.22, 0.32, 0.45)[severity - 1], images.shape))


def impulse_noise(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """Dead pixels, black or white."""
    dead = rng.random(images.shape) < (0.03, 0.06, 0.11, 0.18, 0.27)[severity - 1]
    return np.where(dead, rng.integers(0, 2, images.shape) * 255, images).astype(np.uint8)


def gaussian_blur(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """Out of focus."""
    return _blurred(images, (0.6, 0.9, 1.2, 1.6, 2.0)[severity - 1])


def glass_blur(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """Rough glass: each pixel comes from a random place nearby."""
    reach, moved = ((1, 0.6), (1, 1.0), (2, 0.6), (2, 1.0), (3, 1.0))[severity - 1]
    y, x = np.mgrid[0:_SIDE, 0:_SIDE]
    down, right = rng.integers(-reach, reach + 1, (2, *images.shape)) * (rng.random(images.shape) < moved)
    rows, columns = np.clip(y + down, 0, _SIDE - 1), np.clip(x + right, 0, _SIDE - 1)
    mixed = images[np.arange(len(images))[:, None, None], rows, columns]
    return _blurred(mixed, 0.6)


def motion_blur(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """A camera or paper that moves, in any direction."""
    import cv2

    length = (3, 5, 7, 9, 12)[severity - 1]
    reach = (length - 1) / 2
    out = np.empty_like(images)
    for row, angle in enumerate(rng.uniform(0, np.pi, len(images))):
        kernel = np.zeros((13, 13), np.float32)
        along = np.array([np.cos(angle), np.sin(angle)]) * reach
        start, end = (np.round((6 + sign * along) * 16).astype(int) for sign in (-1, 1))
        cv2.line(kernel, tuple(start.tolist()), tuple(end.tolist()), 1.0, 1, cv2.LINE_AA, 4)
        out[row] = cv2.filter2D(images[row], -1, kernel / kernel.sum())
    return out


def brightness(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """Overexposure: ink and paper lighter."""
    return _bytes(images + 255 * (0.1, 0.2, 0.3, 0.4, 0.5)[severity - 1])


def contrast(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """Faint ink."""
    return _bytes(images * (0.75, 0.55, 0.4, 0.25, 0.15)[severity - 1])


def stripe(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """A vertical band in which black and white are inverted."""
    width = (3, 5, 7, 9, 12)[severity - 1]
    start = rng.integers(2, _SIDE - width - 1, (len(images), 1, 1))
    columns = np.arange(_SIDE)[None, None, :]
    return np.where((columns >= start) & (columns < start + width), 255 - images, images).astype(np.uint8)


def fog(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """Uneven haze in front of the digit."""
    thickness = (0.25, 0.4, 0.6, 0.8, 1.0)[severity - 1]
    haze = _clouds(len(images), (3, 6, 12), rng)
    return _bytes((images + 255 * thickness * haze) / (1 + 0.5 * thickness))


def spatter(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """Drops of ink."""
    covered = (0.03, 0.06, 0.09, 0.12, 0.16)[severity - 1]
    drops = _clouds(len(images), (14,), rng)
    limits = np.quantile(drops, 1 - covered, axis=(1, 2), keepdims=True)
    return np.maximum(images, _bytes(255 * np.clip((drops - limits) * 12, 0, 1)))


def dotted_line(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """Dotted lines through the digit."""
    out = images.copy()
    for picture in out:
        for _ in range((1, 1, 2, 2, 3)[severity - 1]):
            start, end = _across(rng)
            for t in np.arange(0, 1, 3 / max(3.0, float(np.hypot(*(end - start))))):
                x, y = np.clip(np.round(start + t * (end - start)).astype(int), 0, _SIDE - 2)
                picture[y : y + 1 + severity // 3, x : x + 2] = 255
    return out


def zigzag(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """The digit crossed out by a zigzag."""
    import cv2

    out = images.copy()
    turns = (4, 6, 6, 8, 8)[severity - 1]
    for picture in out:
        start, end = _across(rng)
        offset = np.array([start[1] - end[1], end[0] - start[0]])
        offset = offset / max(1e-6, float(np.hypot(*offset))) * (1.5, 2, 3, 4, 5)[severity - 1]
        points = start + np.linspace(0, 1, turns)[:, None] * (end - start)
        points = points + np.where(np.arange(turns) % 2, 1, -1)[:, None] * offset
        cv2.polylines(picture, [np.round(points * 16).astype(np.int32)], False, 255, 1, cv2.LINE_AA, 4)
    return out


def canny_edges(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """Strokes that fade into their outlines."""
    import cv2

    fraction = (0.2, 0.4, 0.6, 0.8, 1.0)[severity - 1]
    edges = np.stack([cv2.Canny(image, 100, 200) for image in images])
    return _bytes((1 - fraction) * images.astype(np.float64) + fraction * edges)


def jpeg(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """The artefacts of strong JPEG compression."""
    import cv2

    quality = [int(cv2.IMWRITE_JPEG_QUALITY), (50, 30, 18, 10, 5)[severity - 1]]
    packed = (cv2.imencode(".jpg", image, quality)[1] for image in images)
    return np.stack([np.asarray(cv2.imdecode(code, cv2.IMREAD_GRAYSCALE), np.uint8) for code in packed])


def pixelate(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """Upscaled from very few pixels."""
    import cv2

    side = (14, 11, 9, 7, 6)[severity - 1]
    coarse = (cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA) for image in images)
    fine = [cv2.resize(image, (_SIDE, _SIDE), interpolation=cv2.INTER_NEAREST) for image in coarse]
    return np.asarray(np.stack(fine), np.uint8)


def quantize(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """Few grey levels, dithered with noise as a fax does."""
    levels = (6, 4, 3, 2, 2)[severity - 1]
    noise = rng.uniform(-0.5, 0.5, images.shape) * (0.5, 0.6, 0.7, 0.7, 1.0)[severity - 1]
    return _bytes(np.clip(np.round(images / 255 * (levels - 1) + noise), 0, levels - 1) * (255 / (levels - 1)))


def erase(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """Broken strokes: square holes near the middle."""
    out = images.copy()
    side = (2, 3, 4, 4, 5)[severity - 1]
    for picture in out:
        for y, x in rng.integers(4, 24 - side + 1, ((2, 2, 2, 3, 4)[severity - 1], 2)):
            picture[y : y + side, x : x + side] = 0
    return out


def elastic(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """An unsteady hand."""
    return geometry.elastically_warped(images, (1.2, 1.8, 2.4, 3.0, 3.8)[severity - 1], rng)


def perspective(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """Paper photographed at an angle."""
    reach = (1.5, 2.5, 3.5, 5.0, 6.5)[severity - 1]
    return geometry.perspective_warped(images, rng.uniform(-reach, reach, (len(images), 4, 2)))


def shear(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """Slanted to either side."""
    return geometry.sheared(images, _signs(len(images), rng) * (0.15, 0.25, 0.35, 0.5, 0.65)[severity - 1])


def rotate(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """Rotated to either side."""
    return geometry.rotated(images, _signs(len(images), rng) * (8, 15, 22, 30, 40)[severity - 1])


def scale(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """Too small or too large in the picture."""
    smaller, larger = (0.9, 0.8, 0.7, 0.6, 0.5)[severity - 1], (1.05, 1.1, 1.15, 1.2, 1.25)[severity - 1]
    return geometry.scaled(images, np.where(_signs(len(images), rng) > 0, larger, smaller))


def translate(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """Away from the middle, in any direction."""
    angle, distance = rng.uniform(0, 2 * np.pi, len(images)), (1.5, 2.5, 3.5, 5, 6.5)[severity - 1]
    return geometry.shifted(images, distance * np.cos(angle), distance * np.sin(angle))


def thin(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """A finer pen: strokes with 0.8 to 0.2 of their thickness."""
    return geometry.thinned(images, (0.8, 0.65, 0.5, 0.35, 0.2)[severity - 1])


def fat(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """A marker: strokes thicker by 0.4 to 1.8 pixels on each side."""
    return geometry.thickened(images, (0.4, 0.7, 1.0, 1.4, 1.8)[severity - 1])


def _signs(n: int, rng: np.random.Generator) -> Floats:
    return rng.integers(0, 2, n) * 2.0 - 1


def _blurred(images: Grey, sigma: float) -> Grey:
    import cv2

    return np.stack([np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.uint8) for image in images])


def _across(rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Both ends of a line through the middle of the picture."""
    angle, middle = rng.uniform(0, np.pi), rng.uniform(10, 18, 2)
    along = np.array([np.cos(angle), np.sin(angle)]) * 13
    return middle - along, middle + along


def _clouds(n: int, grids: tuple[int, ...], rng: np.random.Generator) -> Floats:
    """Smooth noise in [0, 1], (n, 28, 28): upscaled random grids, each with half the weight of the last."""
    import cv2

    total = np.zeros((n, _SIDE, _SIDE))
    for octave, side in enumerate(grids):
        values = rng.random((n, side, side)).astype(np.float32)
        fine = [cv2.resize(value, (_SIDE, _SIDE), interpolation=cv2.INTER_CUBIC) for value in values]
        total += np.stack(fine) / 2**octave
    low, high = total.min(axis=(1, 2), keepdims=True), total.max(axis=(1, 2), keepdims=True)
    return np.asarray((total - low) / np.maximum(high - low, 1e-6))


CORRUPTIONS: Mapping[str, Corruption] = MappingProxyType(
    {
        kind.__name__: kind
        for kind in (
            *(shot_noise, gaussian_noise, gaussian_blur, brightness, contrast, dotted_line, zigzag, erase, elastic),
            *(perspective, shear, rotate, scale, translate, thin, fat),
            *(impulse_noise, glass_blur, motion_blur, stripe, fog, spatter, canny_edges, jpeg, pixelate, quantize),
        )
    }
)

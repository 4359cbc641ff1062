"""What cameras, scanners, screens and programs make of a page: blur, grain, compression, other sizes and colours.

Chances and ranges were set by hand, wide, so that what people hand in lies inside them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["photograph"]

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]
_COLOUR_MAPS = 22  # that OpenCV has


def photograph(scene: Floats, height: float, contrast: float, rng: np.random.Generator) -> Pixels:
    """The picture uint8 (side, side, 3) of a scene float32 in grey levels.

    `height` of the digits in pixels and `contrast` of ink and paper in grey levels bound how much is lost, so that
    people can still read it.
    """
    scene = _resampled(scene, height, rng)
    scene = _blurred(scene, height, rng)
    if rng.random() < 0.45:
        scene = scene + _grain(scene.shape, contrast, rng)
    picture = np.clip(scene, 0, 255).astype(np.uint8)
    if rng.random() < 0.07:
        picture = _mapped(picture, rng)
    if rng.random() < 0.15:
        picture = np.repeat(_grey(picture)[..., None], 3, axis=2)
    return _compressed(picture, rng) if rng.random() < 0.25 else picture


def _resampled(scene: Floats, height: float, rng: np.random.Generator) -> Floats:
    """Taken small and enlarged again, as small pictures are shown; digits keep at least 9 pixels."""
    import cv2

    largest = height / 9
    if largest < 1.2 or rng.random() > 0.4:
        return scene
    factor = float(np.exp(rng.uniform(0, np.log(largest))))
    side = len(scene)
    small = max(8, round(side / factor))
    methods = (cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_CUBIC)
    reduced = cv2.resize(scene, (small, small), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(reduced, (side, side), interpolation=methods[int(rng.integers(3))]), np.float32)


def _blurred(scene: Floats, height: float, rng: np.random.Generator) -> Floats:
    import cv2

    kind = rng.random()
    if kind < 0.3:
        return np.asarray(cv2.GaussianBlur(scene, (0, 0), max(0.3, rng.uniform(0, 0.055) * height)), np.float32)
    if kind < 0.36 and height > 20:
        size = max(2, round(rng.uniform(0.02, 0.1) * height))
        kernel = np.zeros((size, size), np.float32)
        angle = rng.uniform(0, np.pi)
        along = np.linspace(-size / 2, size / 2, 4 * size)
        middle = (size - 1) / 2
        rows = np.clip(np.round(middle + along * np.sin(angle)), 0, size - 1).astype(int)
        kernel[rows, np.clip(np.round(middle + along * np.cos(angle)), 0, size - 1).astype(int)] = 1
        return np.asarray(cv2.filter2D(scene, -1, kernel / kernel.sum()), np.float32)
    return scene


def _grain(shape: tuple[int, ...], contrast: float, rng: np.random.Generator) -> Floats:
    import cv2

    deviation = min(rng.uniform(0, 28), 0.35 * contrast)
    grain = rng.standard_normal(shape, np.float32) * np.float32(deviation)
    if rng.random() < 0.4:
        grain = np.repeat(grain[..., :1], 3, axis=2)
    if rng.random() < 0.3:
        grain = 2 * np.asarray(cv2.GaussianBlur(grain, (0, 0), rng.uniform(0.5, 1.2)), np.float32)
    return np.asarray(grain, np.float32)


def _grey(picture: Pixels) -> Pixels:
    import cv2

    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)


def _mapped(picture: Pixels, rng: np.random.Generator) -> Pixels:
    """Shown with a colour map, stretched to its ends."""
    import cv2

    grey = _grey(picture)
    full = np.asarray(cv2.normalize(grey, None, 0, 255, cv2.NORM_MINMAX), np.uint8)  # type: ignore[call-overload]
    return np.asarray(cv2.applyColorMap(full, int(rng.integers(_COLOUR_MAPS))), np.uint8)


def _compressed(picture: Pixels, rng: np.random.Generator) -> Pixels:
    import cv2

    _, content = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(12, 95))])
    return np.asarray(cv2.imdecode(content, cv2.IMREAD_COLOR), np.uint8)

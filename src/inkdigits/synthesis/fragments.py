"""Non-digits made from MNIST's training digits: parts of a digit, several digits in one box, destroyed digits.

Only parts that are not digits themselves are used: the upper half of an 8 is a 0, and a quarter of most is a 7 or a 1.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets.mnist import load_train
from inkdigits.synthesis.network_inputs import family
from inkdigits.synthesis.straight_strokes import is_straight

__all__ = ["crowds", "destroyed", "halves", "quarters", "swirled", "turned", "two_digits"]

Grey = NDArray[np.uint8]

# Digits whose half on that side is not a digit; other halves may be read as a 0, a 1, a 3 or a 7.
_HALVES = {"top": (0, 4), "bottom": (0, 2), "left": (2, 3, 8), "right": (5,)}
# Digits that are not a digit when mirrored, and when rotated by a quarter turn.
_MIRRORED, _ROTATED = (3, 4, 7, 9), (2, 3, 4, 5)
# Digits without a loop in a quarter, which would be a 0.
_QUARTERED = (0, 3, 4, 7)


@family
def two_digits(rng: np.random.Generator) -> Grey:
    """Two digits in one box, side by side, touching or overlapping."""
    return _row_of(2, rng)


@family
def destroyed(rng: np.random.Generator) -> Grey:
    """Unreadable digits: shuffled tiles, strong warps, or noise over most pixels."""
    makers = (_shuffled, _heavily_warped, _noisy)
    return makers[int(rng.integers(len(makers)))](rng)


@lru_cache(maxsize=1)
def _digits() -> tuple[Grey, list[NDArray[np.intp]]]:
    train = load_train()
    return train.images, [np.flatnonzero(train.labels == value) for value in range(10)]


def _one(rng: np.random.Generator, value: int | None = None) -> Grey:
    """The ink of a random training digit, cropped."""
    images, rows_of = _digits()
    rows = rows_of[int(rng.integers(10)) if value is None else value]
    return _crop(images[rows[int(rng.integers(len(rows)))]])


def _crop(picture: Grey) -> Grey:
    rows, columns = np.flatnonzero((picture > 20).any(axis=1)), np.flatnonzero((picture > 20).any(axis=0))
    if not len(rows):
        return picture
    return picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


@family
def turned(rng: np.random.Generator) -> Grey:
    """Digits that are not a digit when rotated by a quarter turn or mirrored."""
    if rng.random() < 0.5:
        return np.ascontiguousarray(_one(rng, int(rng.choice(_MIRRORED)))[:, ::-1])
    return np.ascontiguousarray(np.rot90(_one(rng, int(rng.choice(_ROTATED)))))


@family
def halves(rng: np.random.Generator) -> Grey | None:
    """Halves of digits, divided near the middle."""
    side = str(rng.choice(list(_HALVES)))
    ink = _one(rng, int(rng.choice(_HALVES[side])))
    at = rng.uniform(0.42, 0.58)
    row, column = round(at * ink.shape[0]), round(at * ink.shape[1])
    parts = {"top": ink[:row], "bottom": ink[row:], "left": ink[:, :column], "right": ink[:, column:]}
    return _unless_stroke(parts[side])


@family
def quarters(rng: np.random.Generator) -> Grey | None:
    """Quarters of digits, except the upper right, which is a 7 in most digits."""
    ink = _one(rng, int(rng.choice(_QUARTERED)))
    row, column = (round(rng.uniform(0.4, 0.6) * side) for side in ink.shape)
    parts = (ink[:row, :column], ink[row:, :column], ink[row:, column:])
    return _unless_stroke(parts[int(rng.integers(3))])


def _unless_stroke(part: Grey) -> Grey | None:
    """`part`, or None if it is empty, all ink, or a straight stroke that may be a 1."""
    if min(part.shape) < 4 or part.max() <= 100:
        return None
    part = _crop(part)
    narrow = part.shape[1] < 0.65 * part.shape[0]
    return None if narrow or part.mean() > 190 or is_straight(part) else part


def _row_of(count: int, rng: np.random.Generator) -> Grey:
    """Digits in a row on one baseline, with gaps of -3 to 4 pixels."""
    row = _one(rng)
    for _ in range(count - 1):
        row = _beside(row, _one(rng), int(rng.integers(-3, 5)))
    return row


def _beside(left: Grey, right: Grey, gap: int) -> Grey:
    height = max(len(left), len(right))
    start = max(0, left.shape[1] + gap)
    canvas = np.zeros((height, max(left.shape[1], start + right.shape[1])), np.uint8)
    canvas[height - len(left) :, : left.shape[1]] = left
    corner = canvas[height - len(right) :, start : start + right.shape[1]]
    np.maximum(corner, right, out=corner)
    return canvas


@family
def crowds(rng: np.random.Generator) -> Grey:
    """Three or four digits in one box, in a row or in two rows."""
    if rng.random() < 0.6:
        return _row_of(int(rng.integers(3, 5)), rng)
    upper, lower = _row_of(2, rng), _row_of(2, rng)
    return _beside(upper.T, lower.T, int(rng.integers(0, 4))).T


def _shuffled(rng: np.random.Generator) -> Grey:
    images, _ = _digits()
    picture = images[int(rng.integers(len(images)))][4:24, 4:24]
    tiles = picture.reshape(4, 5, 4, 5).swapaxes(1, 2).reshape(16, 5, 5)
    mixed = tiles[rng.permutation(16)]
    return np.ascontiguousarray(mixed.reshape(4, 4, 5, 5).swapaxes(1, 2).reshape(20, 20))


def _heavily_warped(rng: np.random.Generator) -> Grey:
    import cv2

    ink = np.pad(_one(rng), 6)
    height, width = ink.shape
    field = [cv2.GaussianBlur(rng.uniform(-1, 1, (height, width)).astype(np.float32), (0, 0), 1.6) for _ in range(2)]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    pixels = rng.uniform(45, 80)
    return np.asarray(cv2.remap(ink, x + pixels * field[0], y + pixels * field[1], cv2.INTER_LINEAR), np.uint8)


def _noisy(rng: np.random.Generator) -> Grey:
    ink = _one(rng).copy()
    lost = rng.random(ink.shape) < rng.uniform(0.8, 0.95)
    ink[lost] = rng.integers(0, 256, int(lost.sum()))
    return ink


@family
def swirled(rng: np.random.Generator) -> Grey:
    """Digits swirled around their middle by one to two full turns."""
    import cv2

    ink = np.pad(_one(rng), 4)
    height, width = ink.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    dy, dx = y - height / 2, x - width / 2
    radius = np.hypot(dx, dy)
    angle = rng.choice([-1, 1]) * rng.uniform(2, 4) * np.pi * np.exp(-radius / 8)
    cosine, sine = np.cos(angle), np.sin(angle)
    across, down = dx * cosine - dy * sine + width / 2, dx * sine + dy * cosine + height / 2
    result = cv2.remap(ink, across.astype(np.float32), down.astype(np.float32), cv2.INTER_LINEAR)
    return np.asarray(result, np.uint8)

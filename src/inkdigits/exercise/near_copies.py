"""Altered copies of test pictures: noisy, moved by a few pixels, mirrored or turned.

A picture that is no picture of MNIST itself is compared with all of them by a few numbers that change little when it is
altered slightly: its centred and blurred ink, pooled. It counts as a copy of a test picture when its nearest one is in
the test set, and much nearer than any training picture. This module runs inside a submission's kernel.
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["NearCopies", "picture_features"]

_SIDE = 28
_MARGIN = 0.6  # of the distance to the nearest training picture; an altered training picture is nearest to its own
_PAPER = 0.3  # of the range: darker than this is the noise of the paper
_MAX_TRAIN = 20_000  # pictures that stand for the training set beside the test set


def picture_features(rows: Any) -> Any:
    """(n, 784) of any scale to (n, 196): blurred ink from 0 to 1, moved to the middle, pooled to 14 by 14."""
    squares = _blurred(_blurred(np.asarray(rows, np.float32).reshape(-1, _SIDE, _SIDE)))
    low, high = squares.min(axis=(1, 2), keepdims=True), squares.max(axis=(1, 2), keepdims=True)
    ink = (squares - low) / np.maximum(high - low, 1e-6)
    # Most of a picture is paper: where it is bright, the picture is inverted.
    ink = np.where(np.median(ink, axis=(1, 2), keepdims=True) > 0.5, 1 - ink, ink)
    # Noise in the background moves the centre: only what is clearly ink counts.
    ink = np.clip(ink - _PAPER, 0, 1)
    centred = np.stack([_centred(picture) for picture in ink])
    flat = centred.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)).reshape(len(centred), -1)
    return flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6)


def _blurred(squares: Any) -> Any:
    down = (squares + np.roll(squares, 1, 1) + np.roll(squares, -1, 1)) / 3
    return (down + np.roll(down, 1, 2) + np.roll(down, -1, 2)) / 3


def _centred(picture: Any) -> Any:
    total = picture.sum()
    if not total:
        return picture
    rows, columns = np.arange(_SIDE) @ picture.sum(axis=1) / total, np.arange(_SIDE) @ picture.sum(axis=0) / total
    return np.roll(picture, (round(13.5 - rows), round(13.5 - columns)), axis=(0, 1))


def _turned(rows: Any) -> list[Any]:
    """The pictures as they are, mirrored, upside down, turned by 180 degrees, and transposed."""
    squares = rows.reshape(-1, _SIDE, _SIDE)
    turned = [squares, squares[:, :, ::-1], squares[:, ::-1], squares[:, ::-1, ::-1], squares.transpose(0, 2, 1)]
    return [np.ascontiguousarray(part).reshape(len(rows), -1) for part in turned]


class NearCopies:
    """Compares pictures with those of both sets; the features are computed at the first use."""

    def __init__(self, train: Any, test: Any) -> None:
        self._raw = train[:_MAX_TRAIN].reshape(-1, _SIDE * _SIDE), test.reshape(-1, _SIDE * _SIDE)
        self._features: tuple[Any, Any] | None = None

    def of_test(self, rows: Any) -> int:
        """How many of `rows` (n, 784) are altered copies of test pictures."""
        if self._features is None:
            self._features = picture_features(self._raw[0]), picture_features(self._raw[1])
        train, test = self._features
        nearest = [(_distance(part, train), _distance(part, test)) for part in map(picture_features, _turned(rows))]
        to_train = np.min([pair[0] for pair in nearest], axis=0)
        to_test = np.min([pair[1] for pair in nearest], axis=0)
        return int((to_test < _MARGIN * to_train).sum())


def _distance(features: Any, others: Any) -> Any:
    """The distance of each row of `features` to the nearest of `others`, both of length 1."""
    return np.sqrt(np.maximum(2 - 2 * (features @ others.T).max(axis=1), 0))

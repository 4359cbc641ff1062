"""What was done to pictures is found whatever it was, or nothing is found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from inkdigits.datasets.labelled import Splits
from inkdigits.exercise.preparations import find_preparation


def _floats(x: Any) -> Any:
    return x.astype(np.float32)


def _by_picture(x: Any) -> Any:
    return (_floats(x) - _floats(x).mean((1, 2), keepdims=True)) / _floats(x).std((1, 2), keepdims=True)


PREPARED: dict[str, Callable[[Any], Any]] = {
    "scaled": lambda x: _floats(x) / 255,
    "as it is": lambda x: x,
    "from -1 to 1": lambda x: _floats(x) / 127.5 - 1,
    "inverted": lambda x: 1 - _floats(x) / 255,
    "half floats": lambda x: (x / 255).astype(np.float16),
    "standardized picture by picture": _by_picture,
    "to length 1": lambda x: _floats(x) / np.linalg.norm(_floats(x), axis=(1, 2), keepdims=True),
    "black and white": lambda x: _floats(x > 100),
    "square root": lambda x: np.sqrt(_floats(x) / 255),
    "transposed": lambda x: _floats(x).transpose(0, 2, 1) / 255,
    "transposed and standardized": lambda x: _by_picture(x.transpose(0, 2, 1)),
    "turned": lambda x: np.rot90(_floats(x) / 255, axes=(1, 2)),
    "padded": lambda x: np.pad(_floats(x) / 255, ((0, 0), (2, 2), (2, 2))),
    "in three channels": lambda x: np.repeat(_floats(x)[..., None] / 255, 3, axis=-1),
    "flat": lambda x: _floats(x).reshape(len(x), -1) / 255,
}


@pytest.mark.parametrize("name", PREPARED)
def test_a_preparation_is_found_and_does_to_other_pictures_the_same(small: Splits, name: str) -> None:
    assert small.train is not None
    assert small.test is not None
    prepare = PREPARED[name]
    found = find_preparation(prepare(small.train.images), small.train.images)
    assert found is not None
    other = small.test.images
    again, wanted = found.of(other, prepare(other).shape[1:]), prepare(other)
    assert np.quantile(np.abs(again - wanted), 0.999) < 0.02 * np.ptp(wanted)


def test_what_holds_the_labels_noise_or_another_order_is_no_preparation(small: Splits) -> None:
    assert small.test is not None
    raw, labels = small.test.images, small.test.labels[:, None]
    flat = raw.reshape(-1, 784).astype(np.float32) / 255
    noisy = flat + np.random.default_rng(0).normal(0, 0.1, flat.shape)
    for forged in (flat + labels, flat[::-1], flat + labels * (np.arange(784) == 0), np.zeros_like(flat), noisy):
        assert find_preparation(forged, raw) is None

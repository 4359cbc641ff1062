"""A digit is read the same however far it is enlarged, sharp or blurred, on plain or on grainy paper."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inkdigits.datasets.mnist import load_train
from inkdigits.reading.reader import Reader


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.load("reader")


@pytest.mark.parametrize("interpolation", [cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_CUBIC])
@pytest.mark.parametrize("side", [224, 500, 1000])
@pytest.mark.parametrize("dark", [True, False])
def test_enlarged_digits_are_read_as_they_are(reader: Reader, side: int, interpolation: int, dark: bool) -> None:
    digits = load_train().take(slice(0, 12))
    for image in digits.images:
        large = cv2.resize(255 - image if dark else image, (side, side), interpolation=interpolation)
        assert reader.read(large).string == reader.read(image).string


def test_grain_changes_no_reading(reader: Reader) -> None:
    rng = np.random.default_rng(0)
    digits = load_train().take(slice(0, 12))
    for image in digits.images:
        paper = 230 - cv2.resize(image, (280, 280), interpolation=cv2.INTER_CUBIC) * 0.8
        grainy = np.clip(paper + rng.normal(0, 12, paper.shape), 0, 255).astype(np.uint8)
        assert reader.read(grainy).string == reader.read(image).string

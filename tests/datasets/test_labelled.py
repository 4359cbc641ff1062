"""Labelled digits are checked when they are created."""

from __future__ import annotations

import numpy as np
import pytest

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.errors import DataError

IMAGES, LABELS = np.zeros((3, 28, 28), np.uint8), np.array([1, 2, 3])


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (IMAGES[:, :, :20], LABELS, r"d: expected pictures as uint8 \(n, 28, 28\), got uint8 \(3, 28, 20\)"),
        (IMAGES.astype(float), LABELS, "d: expected pictures as uint8"),
        (IMAGES[:0], LABELS[:0], "d: no pictures in it, expected at least one"),
        (IMAGES, LABELS[:2], "d: 3 pictures but 2 labels"),
        (IMAGES, LABELS.astype(np.uint8), r"got uint8 \(3,\): convert them with \.astype\(numpy\.int64\)"),
        (IMAGES, LABELS.astype(float), r"d: expected labels as int64 \(n,\), got float64"),
        (IMAGES, np.array([0, 10, -1]), "d: label 10 at index 1, expected digits 0 to 9"),
    ],
)
def test_what_does_not_fit_is_named(images: np.ndarray, labels: np.ndarray, message: str) -> None:
    with pytest.raises(DataError, match=message):
        LabelledDigits(images, labels, "d")


def test_the_checksum_is_of_the_data_alone() -> None:
    digits = LabelledDigits(IMAGES, LABELS, "d")
    assert digits.sha256 == LabelledDigits(IMAGES.copy(), LABELS.copy(), "another name").sha256
    assert digits.sha256 != LabelledDigits(IMAGES, LABELS[::-1].copy(), "d").sha256
    assert digits.take(slice(0, 2)).labels.tolist() == [1, 2]
    assert digits.take(np.array([True, False, True]), "part").name == "part"

"""`LabelledDigits`: pictures and their labels, checked when they are created."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets.large_arrays import rows_of
from inkdigits.errors import DataError

__all__ = ["CLASSES", "LabelledDigits", "Splits", "check_images", "check_labels", "paired_digits"]

CLASSES = 10


@dataclass(frozen=True)
class LabelledDigits:
    """Pictures of digits with their labels.

    `images` is uint8 (n, 28, 28), white ink on black; `labels` is int64 (n,), 0 to 9; `name` is their source, for
    messages. Raises `DataError` when they differ in number, are empty or of another type or shape.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    name: str

    def __post_init__(self) -> None:
        check_images(self.images, self.name)
        check_labels(self.labels, self.name)
        if len(self.images) != len(self.labels):
            raise DataError(f"{self.name}: {len(self.images)} pictures but {len(self.labels)} labels")

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def sha256(self) -> str:
        """The SHA-256 of pictures and labels together, as 64 hexadecimal digits."""
        digest = hashlib.sha256(np.ascontiguousarray(self.images).data)
        digest.update(self.labels.astype("<i8").tobytes())
        return digest.hexdigest()

    def take(self, rows: NDArray[Any] | slice, name: str | None = None) -> LabelledDigits:
        """The digits of those rows; of more than 256 MiB a copy in a temporary file, which may raise `OutputError`."""
        return LabelledDigits(rows_of(self.images, rows), self.labels[rows], name or self.name)


@dataclass(frozen=True)
class Splits:
    """What a source of data holds: digits to train on, digits to evaluate on, or both."""

    train: LabelledDigits | None
    test: LabelledDigits | None


def paired_digits(
    images: NDArray[np.uint8], labels: NDArray[np.int64], name: str, places: tuple[str, str]
) -> LabelledDigits:
    """Labelled digits. Raises `DataError` that says in which of `places`, of the pictures and of the labels."""
    of_images, of_labels = places
    check_images(images, of_images)
    check_labels(labels, of_labels)
    if len(images) != len(labels):
        raise DataError(
            f"{of_images}: {len(images)} pictures, but {len(labels)} labels in {of_labels}: expected as many"
        )
    return LabelledDigits(images, labels, name)


def check_images(images: NDArray[Any], name: str) -> None:
    """Raise `DataError` unless `images` is uint8 (n, 28, 28) with n > 0."""
    if images.ndim != 3 or images.shape[1:] != (28, 28) or images.dtype != np.uint8:
        raise DataError(f"{name}: expected pictures as uint8 (n, 28, 28), got {images.dtype} {images.shape}")
    if len(images) == 0:
        raise DataError(f"{name}: no pictures in it, expected at least one")


def check_labels(labels: NDArray[Any], name: str) -> None:
    """Raise `DataError` that names the first row unless `labels` is int64 (n,) with values 0 to 9."""
    if labels.ndim != 1 or labels.dtype != np.int64:
        cast = ": convert them with .astype(numpy.int64)" if labels.ndim == 1 and labels.dtype.kind in "iu" else ""
        raise DataError(f"{name}: expected labels as int64 (n,), got {labels.dtype} {labels.shape}{cast}")
    wrong = np.flatnonzero((labels < 0) | (labels >= CLASSES))
    if len(wrong):
        raise DataError(f"{name}: label {labels[wrong[0]]} at index {wrong[0]}, expected digits 0 to 9")

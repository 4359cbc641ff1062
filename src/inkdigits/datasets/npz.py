"""Keras's `mnist.npz`: four arrays x_train, y_train, x_test, y_test in one file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from inkdigits.datasets.arrays import read_arrays
from inkdigits.datasets.labelled import LabelledDigits, Splits
from inkdigits.errors import DataError
from inkdigits.system.atomic_io import temporary_sibling

__all__ = ["load_npz", "save_npz"]


def load_npz(path: Path) -> Splits:
    """The training and test digits of an npz file in Keras's form; one of both parts may be missing.

    Nothing is unpickled. Raises `DataError` when the file is damaged or holds other arrays.
    """
    arrays = read_arrays(path)
    train, test = (_part(arrays, part, path) for part in ("train", "test"))
    if train is None and test is None:
        raise DataError(f"{path}: expected arrays x_train and y_train (or x_test and y_test), found {sorted(arrays)}")
    return Splits(train, test)


def _part(arrays: Mapping[str, Any], part: str, path: Path) -> LabelledDigits | None:
    names = f"x_{part}", f"y_{part}"
    missing = [name for name in names if name not in arrays]
    if len(missing) == len(names):
        return None
    if missing:
        raise DataError(f"{path}: has no array {missing[0]}, found {sorted(arrays)}")
    images, labels = (arrays[name] for name in names)
    if labels.dtype.kind not in "iu":
        raise DataError(
            f"{path}: {names[1]} holds {labels.dtype}, expected whole numbers 0 to 9 (one-hot: .argmax(axis=1))"
        )
    return LabelledDigits(images, labels.astype(np.int64), f"{path.name} {part}")


def save_npz(path: Path, splits: Splits) -> None:
    """Write `splits` to `path` in Keras's form, atomically. Raises `OutputError`."""
    arrays = {}
    for part, digits in (("train", splits.train), ("test", splits.test)):
        if digits is not None:
            arrays[f"x_{part}"], arrays[f"y_{part}"] = digits.images, digits.labels.astype(np.uint8)
    with temporary_sibling(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)

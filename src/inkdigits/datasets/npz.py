"""Arrays in one npz file: Keras's x_train, y_train, x_test, y_test, or one pair such as x and y."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets.array_pictures import labels_of, pictures_of
from inkdigits.datasets.arrays import read_arrays
from inkdigits.datasets.labelled import LabelledDigits, Splits, paired_digits
from inkdigits.errors import DataError
from inkdigits.system.atomic_io import temporary_sibling
from inkdigits.system.memory import free_memory

__all__ = ["PAIRS", "PICTURE_NAMES", "load_npz", "save_npz", "splits_of_arrays"]

# The names of the arrays of pictures and labels, in lower case: of each part, and of files that are not divided.
_PARTS = {
    "train": (("x_train", "y_train"), ("train_images", "train_labels")),
    "test": (("x_test", "y_test"), ("test_images", "test_labels")),
}
_UNDIVIDED = (("x", "y"), ("images", "labels"), ("image", "label"), ("data", "target"))
# The names of pictures, each with that of its labels.
PAIRS = (*_PARTS["train"], *_PARTS["test"], *_UNDIVIDED)
PICTURE_NAMES = ("x_test", "x_train", "test_images", "train_images", *(images for images, _ in _UNDIVIDED))


def load_npz(path: Path) -> Splits:
    """The training and test digits of an npz file: in Keras's form, where one part may be missing, or a pair of arrays
    `x` and `y`, `images` and `labels` or `data` and `target`, all of them to train on.

    Shapes and values are those of `array_pictures`. Nothing is unpickled. Raises `DataError` when the file is damaged
    or holds other arrays, or more than there is memory for.
    """
    _check_fits(path)
    arrays = {name.lower(): array for name, array in read_arrays(path).items()}
    return splits_of_arrays(arrays, path, lambda name: f"{path}, {name}")


def _check_fits(path: Path) -> None:
    """Raise `DataError` when the arrays, which are read whole, need more memory than there is."""
    try:
        with zipfile.ZipFile(path) as archive:
            needed = sum(member.file_size for member in archive.infolist())
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return  # `read_arrays` then says what is wrong
    free = free_memory()
    if free is not None and needed > free:
        raise DataError(
            f"{path}: its arrays take {needed / 1e9:.1f} GB of memory, of which {free / 1e9:.1f} GB are free: unzip it "
            "into a folder and name that, since .npy files are read in parts"
        )


def splits_of_arrays(arrays: Mapping[str, NDArray[Any]], path: Path, place: Callable[[str], str]) -> Splits:
    """The digits in `arrays`, whose names are in lower case, and which `path` holds.

    `place` says where an array of a name is, for messages. Raises as `load_npz`.
    """
    train, test = (_part(arrays, names, f"{path.name} {part}", place) for part, names in _PARTS.items())
    if train is None and test is None:
        train = _part(arrays, _UNDIVIDED, path.name, place)
    if train is None and test is None:
        raise DataError(
            f"{path}: expected arrays x_train and y_train (or x_test and y_test, or x and y), found {sorted(arrays)}"
        )
    return Splits(train, test)


def _part(
    arrays: Mapping[str, NDArray[Any]], pairs: tuple[tuple[str, str], ...], name: str, place: Callable[[str], str]
) -> LabelledDigits | None:
    for images, labels in pairs:
        if images not in arrays and labels not in arrays:
            continue
        if missing := next((one for one in (images, labels) if one not in arrays), None):
            raise DataError(f"{place(missing)}: missing, found {', '.join(sorted(arrays))}")
        places = place(images), place(labels)
        return paired_digits(pictures_of(arrays[images], places[0]), labels_of(arrays[labels], places[1]), name, places)
    return None


def save_npz(path: Path, splits: Splits) -> None:
    """Write `splits` to `path` in Keras's form, atomically. Raises `OutputError`."""
    arrays = {}
    for part, digits in (("train", splits.train), ("test", splits.test)):
        if digits is not None:
            arrays[f"x_{part}"], arrays[f"y_{part}"] = digits.images, digits.labels.astype(np.uint8)
    with temporary_sibling(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)

"""A folder of pictures with one folder per class: `digits/7/anything.png`."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from inkdigits.datasets.labelled import CLASSES, LabelledDigits
from inkdigits.datasets.picture_file import read_digit
from inkdigits.errors import DataError
from inkdigits.images.decode import is_picture_file
from inkdigits.images.png import encode_png
from inkdigits.system.atomic_io import write_folder

__all__ = ["has_classes", "load_folder", "save_parts"]


def has_classes(folder: Path) -> bool:
    """Whether one of the folders `folder/0` … `folder/9` exists."""
    return any((folder / str(label)).is_dir() for label in range(CLASSES))


def load_folder(folder: Path) -> LabelledDigits:
    """Labelled digits from `folder/0` … `folder/9`, in order of class and file name.

    Pictures of 28x28 are taken as they are; others go through `normalize`. Hidden files are left out. Raises
    `DataError` that names the picture which cannot be read, and when there is no picture.
    """
    files = [(file, label) for label in range(CLASSES) for file in _pictures(folder / str(label))]
    if not files:
        raise DataError(
            f"{folder}: no pictures found, expected folders named 0 to 9 with pictures of that digit in each"
        )
    others = sorted(
        path.name for path in folder.iterdir() if path.is_dir() and path.name not in map(str, range(CLASSES))
    )
    if others:
        warnings.warn(f"{folder}: left out {', '.join(others)}: only folders named 0 to 9 are read", stacklevel=2)
    images = np.stack([read_digit(file)[0] for file, _ in files])
    return LabelledDigits(images, np.array([label for _, label in files], np.int64), folder.name)


def _pictures(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(file for file in folder.iterdir() if is_picture_file(file))


def save_parts(folder: Path, parts: Mapping[str, LabelledDigits]) -> None:
    """Write each part as `folder/<part>/<label>/<index>.png`, all of them or none. Raises `OutputError`."""
    with write_folder(folder) as unfinished:
        for part, digits in parts.items():
            for label in set(digits.labels.tolist()):
                (unfinished / part / str(label)).mkdir(parents=True)
            for index, (image, label) in enumerate(zip(digits.images, digits.labels, strict=True)):
                (unfinished / part / str(label) / f"{index:05d}.png").write_bytes(encode_png(image))

"""A folder of pictures with one folder per class: `digits/7/anything.png`."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.datasets.picture_file import read_digits
from inkdigits.errors import DataError
from inkdigits.images.decode import is_picture_file
from inkdigits.images.png import encode_png
from inkdigits.system.atomic_io import write_folder

__all__ = ["has_classes", "load_folder", "save_parts"]


_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
# As in 7, or in torchvision's class names: 7 - seven.
_CLASS = re.compile(r"(?P<digit>\d)( - \w+)?")


def _label(name: str) -> int | None:
    """The digit that a folder's name says: 7, seven or "7 - seven"; None for another name."""
    match = _CLASS.fullmatch(name)
    if match:
        return int(match["digit"])
    return _WORDS.index(name.lower()) if name.lower() in _WORDS else None


def has_classes(folder: Path) -> bool:
    """Whether a folder in `folder` is named as a digit."""
    return any(True for _ in _classes(folder))


def _classes(folder: Path) -> Iterator[tuple[int, Path]]:
    for path in folder.iterdir() if folder.is_dir() else ():
        label = _label(path.name) if path.is_dir() else None
        if label is not None:
            yield label, path


def load_folder(folder: Path) -> LabelledDigits:
    """Labelled digits from `folder/0` … `folder/9` (or zero … nine), in order of class and file name.

    Pictures of 28x28 are taken as they are; others go through `normalize`. Hidden files are left out. Raises
    `DataError` that names the picture which cannot be read, and when there is no picture.
    """
    files = [(file, label) for label, path in sorted(_classes(folder)) for file in _pictures(path)]
    if not files:
        raise DataError(
            f"{folder}: no pictures found, expected folders named 0 to 9 with pictures of that digit in each"
        )
    others = sorted(path.name for path in folder.iterdir() if path.is_dir() and _label(path.name) is None)
    if others:
        warnings.warn(f"{folder}: left out {', '.join(others)}: only folders named 0 to 9 are read", stacklevel=2)
    images = read_digits([file for file, _ in files])
    return LabelledDigits(images, np.array([label for _, label in files], np.int64), folder.name)


def _pictures(folder: Path) -> list[Path]:
    return sorted(file for file in folder.iterdir() if is_picture_file(file))


def save_parts(folder: Path, parts: Mapping[str, LabelledDigits]) -> None:
    """Write each part as `folder/<part>/<label>/<index>.png`, all of them or none. Raises `OutputError`."""
    with write_folder(folder) as unfinished:
        for part, digits in parts.items():
            for label in set(digits.labels.tolist()):
                (unfinished / part / str(label)).mkdir(parents=True)
            for index, (image, label) in enumerate(zip(digits.images, digits.labels, strict=True)):
                (unfinished / part / str(label) / f"{index:05d}.png").write_bytes(encode_png(image))

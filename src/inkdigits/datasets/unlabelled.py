"""Pictures of single digits without labels, from a picture's file, a folder or a file of arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets.array_pictures import pictures_of
from inkdigits.datasets.arrays import read_arrays
from inkdigits.datasets.csv_table import load_csv_pictures
from inkdigits.datasets.idx import IMAGES_MAGIC, parse_idx, read_bytes
from inkdigits.datasets.npy import open_npy
from inkdigits.datasets.npz import PICTURE_NAMES
from inkdigits.datasets.picture_file import read_digit
from inkdigits.datasets.polarity import have_light_borders
from inkdigits.errors import DataError
from inkdigits.images.decode import is_picture_file, pictures_below

__all__ = ["UnlabelledPictures", "load_all_pictures", "load_pictures"]

_EXPECTED = "a picture, an IDX file, an .npz or .npy, a .csv of 784 pixels per row, or a folder of pictures"


@dataclass(frozen=True)
class UnlabelledPictures:
    """`images` uint8 (n, 28, 28), white ink on black, and their names: paths of files, or the indices 0 to n - 1.

    `normalized` is how many had another size and went through `normalize`.
    """

    images: NDArray[np.uint8]
    names: tuple[str, ...]
    normalized: int = 0


def load_pictures(source: Path, *, invert: bool = False) -> UnlabelledPictures:
    """The pictures in `source`: one picture's file, an IDX, `.npz`, `.npy` or `.csv` file, or a folder of any depth.

    Pictures of 28x28 are taken as they are, inverted with `invert`; others go through `normalize`, which detects
    whether the ink is dark unless `invert` says so. A file of arrays may be empty. Raises `DataError` when a file
    cannot be read, for a folder without pictures, and for dark ink on a light background.
    """
    if source.is_dir():
        return _from_files(pictures_below(source), invert)
    if not source.is_file():
        raise DataError(f"{source}: no such file or folder, expected {_EXPECTED}")
    if is_picture_file(source):
        return _from_files([source], invert)
    images = _array_in(source)
    images = 255 - images if invert else images
    _check_ink_on_black(images, source)
    return UnlabelledPictures(images, tuple(map(str, range(len(images)))))


def load_all_pictures(sources: Sequence[Path], *, invert: bool = False) -> UnlabelledPictures:
    """The pictures of all `sources`, at least one, in their order.

    Of several sources, pictures in arrays are named by file and index, as in `file.npz:3`. Raises as `load_pictures`.
    """
    loaded = [load_pictures(source, invert=invert) for source in sources]
    if len(loaded) == 1:
        return loaded[0]
    names = [
        f"{source}:{name}" if name.isdecimal() else name
        for source, pictures in zip(sources, loaded, strict=True)
        for name in pictures.names
    ]
    images = np.concatenate([pictures.images for pictures in loaded])
    return UnlabelledPictures(images, tuple(names), sum(pictures.normalized for pictures in loaded))


def _from_files(files: list[Path], invert: bool) -> UnlabelledPictures:
    digits, normalized = zip(*(_digit(file, invert) for file in files), strict=True)
    return UnlabelledPictures(np.stack(digits), tuple(map(str, files)), sum(normalized))


def _digit(file: Path, invert: bool) -> tuple[NDArray[np.uint8], bool]:
    """The digit, and whether it was normalized."""
    digit, normalized = read_digit(file, dark=True if invert else None)
    if not normalized:
        _check_ink_on_black(digit[None], file)
    return digit, normalized


def _check_ink_on_black(images: NDArray[np.uint8], source: Path) -> None:
    """Refuse pictures with a light border: a network trained on white ink is wrong about them with high confidence."""
    if have_light_borders(images):
        raise DataError(
            f"{source}: its border is light, expected white ink on black: use --invert for black ink on white, or "
            "inkdigits read, which finds the ink itself"
        )


def _array_in(path: Path) -> NDArray[np.uint8]:
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return load_csv_pictures(path)
    if suffix == ".npy":
        return pictures_of(open_npy(path), str(path))
    if suffix == ".npz":
        return pictures_of(_npz_array(path), str(path))
    if "idx" in path.name or suffix == ".gz":
        return pictures_of(parse_idx(read_bytes(path), IMAGES_MAGIC, str(path)), str(path))
    raise DataError(f"{path}: a file of unknown kind, expected {_EXPECTED}")


def _npz_array(path: Path) -> NDArray[Any]:
    """The array to classify: `x_test` or `x_train` of Keras's form, `images` or `x`, or the only one there is."""

    def chosen(names: list[str]) -> list[str]:
        by_lower = {name.lower(): name for name in names}
        known = [by_lower[name] for name in PICTURE_NAMES if name in by_lower]
        if not known and len(names) != 1:
            raise DataError(f"{path}: expected one array, or one named x_test, x_train or images, found {names}")
        return (known or names)[:1]

    (array,) = read_arrays(path, chosen).values()
    return array

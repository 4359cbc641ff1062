"""A folder of pictures, one folder a class: `digits/7/anything.png`."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets.labelled import CLASSES, LabelledDigits
from inkdigits.errors import DataError
from inkdigits.normalize import SIZE, normalize
from inkdigits.system.atomic_io import write_folder

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["PICTURE_SUFFIXES", "has_classes", "load_folder", "read_digit", "read_grey", "save_folder", "save_parts"]

PICTURE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".pgm"})


def has_classes(folder: Path) -> bool:
    """Whether one of the folders `folder/0` … `folder/9` is there."""
    return any((folder / str(label)).is_dir() for label in range(CLASSES))


def load_folder(folder: Path) -> LabelledDigits:
    """Labelled digits from `folder/0` … `folder/9`, in order of class and file name.

    Pictures of 28x28 are taken as they are; others go through `normalize`. Raises `DataError` that names the picture
    which cannot be read, and when there is none.
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
    images = np.stack([read_digit(file) for file, _ in files])
    return LabelledDigits(images, np.array([label for _, label in files], np.int64), folder.name)


def _pictures(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(file for file in folder.iterdir() if file.suffix.lower() in PICTURE_SUFFIXES)


def read_digit(file: Path) -> NDArray[np.uint8]:
    """The picture of one digit as uint8 (28, 28): as it is when it has that size, else normalized."""
    grey = read_grey(file)
    if grey.shape == (SIZE, SIZE):
        return grey
    try:
        return normalize(grey)
    except DataError as error:
        raise DataError(f"{file}: {error}") from error


def read_grey(file: Path) -> NDArray[np.uint8]:
    """The picture in `file`, upright, in grey, uint8 (height, width). Raises `DataError` when it cannot be read."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(file) as picture:
            upright = ImageOps.exif_transpose(picture)
            return _grey_levels(_without_alpha(upright))
    except UnidentifiedImageError as error:
        raise DataError(f"{file}: not a picture, or one in a format that is not known") from error
    except Image.DecompressionBombError as error:
        raise DataError(f"{file}: refused, {error}") from error
    except Exception as error:  # Pillow's parsers raise what a damaged byte made them raise
        told = " ".join(f"{type(error).__name__}: {error}".split())
        raise DataError(f"{file}: cannot be read as a picture: {told}") from error


def _grey_levels(picture: Image.Image) -> NDArray[np.uint8]:
    if picture.mode.startswith("I"):  # 16-bit grey, which Pillow would clip instead of scaling
        return (np.asarray(picture, np.int64) // 257).astype(np.uint8)
    return np.asarray(picture.convert("L"))


def _without_alpha(picture: Image.Image) -> Image.Image:
    """Lay transparent parts on white, or on black where the ink itself is light."""
    from PIL import Image

    if "A" not in picture.getbands() and "transparency" not in picture.info:
        return picture
    layers = picture.convert("LA")
    grey, alpha = (np.asarray(band, np.float64) for band in layers.split())
    ink_is_light = alpha.sum() > 0 and (grey * alpha).sum() / alpha.sum() > 127
    paper = Image.new("LA", picture.size, (0 if ink_is_light else 255, 255))
    return Image.alpha_composite(paper.convert("RGBA"), layers.convert("RGBA")).convert("L")


def save_folder(folder: Path, digits: LabelledDigits) -> None:
    """Write every picture as `folder/<label>/<index>.png`, whole or not at all. Raises `OutputError`."""
    with write_folder(folder) as unfinished:
        _write_pictures(unfinished, digits)


def save_parts(folder: Path, parts: Mapping[str, LabelledDigits]) -> None:
    """Write each part as `folder/<part>/<label>/<index>.png`, all of them or nothing. Raises `OutputError`."""
    with write_folder(folder) as unfinished:
        for part, digits in parts.items():
            _write_pictures(unfinished / part, digits)


def _write_pictures(folder: Path, digits: LabelledDigits) -> None:
    from PIL import Image

    for label in sorted(set(digits.labels.tolist())):
        (folder / str(label)).mkdir(parents=True)
    for index, (image, label) in enumerate(zip(digits.images, digits.labels, strict=True)):
        Image.fromarray(image).save(folder / str(label) / f"{index:05d}.png")

"""A picture that shows one digit, as the 28x28 pixels of a data set."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets.large_arrays import PART, gathered
from inkdigits.errors import DataError
from inkdigits.images.decode import open_pages
from inkdigits.images.grey import to_grey
from inkdigits.normalize import SIZE, normalize

__all__ = ["read_digit", "read_digits"]


def read_digit(
    picture: Path | bytes, name: str | None = None, *, dark: bool | None = None
) -> tuple[NDArray[np.uint8], bool]:
    """The digit in `picture`, a file or a file's bytes, as uint8 (28, 28), and whether it went through `normalize`.

    A picture of 28x28 is taken as it is, inverted when `dark`; any other is normalized, and `dark` says whether its ink
    is dark (None: `normalize` decides). Raises `DataError` that begins with `name`, by default the file's, when it
    cannot be read, shows no ink or has several pages.
    """
    (page,) = open_pages(picture, name, max_pages=1)
    grey = to_grey(page.pixels)
    if grey.shape == (SIZE, SIZE):
        return (255 - grey if dark else grey), False
    try:
        return normalize(grey, dark=dark), True
    except DataError as error:
        raise DataError(f"{page.name}: {error}") from error


def read_digits(files: Sequence[Path]) -> NDArray[np.uint8]:
    """The digits in `files`, at least one, as `read_digit` reads each: uint8 (n, 28, 28). Raises `DataError`."""
    groups = (files[start : start + PART] for start in range(0, len(files), PART))
    return gathered(np.stack([read_digit(file)[0] for file in group]) for group in groups)

"""Which column of a table holds the label, and which holds which pixel: what its header says."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import DataError

__all__ = ["LABEL_NAMES", "PIXELS", "TableColumns", "named_columns"]

SIDE = 28
PIXELS = SIDE * SIDE
LABEL_NAMES = ("label", "labels", "class", "target", "digit", "y")
_EXPECTED = f"label or a pixel (pixel0 to pixel{PIXELS - 1}, or 1x1 to {SIDE}x{SIDE})"
# The last number of a name is the column of a pixel, the one before, if any, its row.
_PIXEL = re.compile(r"(?P<prefix>\D*)(?:(?P<row>\d{1,4})(?P<between>\D+))?(?P<number>\d{1,4})")


@dataclass(frozen=True)
class TableColumns:
    """The place of the label's column, None where there is none, and int (784,) those of the pixels, row by row."""

    label: int | None
    pixels: NDArray[np.intp]


@dataclass(frozen=True)
class _Pixel:
    column: int
    form: tuple[str, str | None]
    row: int
    number: int


def named_columns(names: Sequence[str], table: str) -> TableColumns:
    """The columns of a header. Raises `DataError` that begins with `table` and names a column that is neither.

    Pixels are ordered by the numbers in their names, wherever their columns stand.
    """
    plain = [name.strip().lower() for name in names]
    labels = [place for place, name in enumerate(plain) if name in LABEL_NAMES]
    if len(labels) > 1:
        both = " and ".join(repr(names[place]) for place in labels[:2])
        raise DataError(f"{table}: two columns of labels, {both}: remove one of them")
    pixels = _pixels(plain, names, labels, table)
    return TableColumns(labels[0] if labels else None, np.array([pixel.column for pixel in pixels], np.intp))


def _pixels(plain: Sequence[str], names: Sequence[str], labels: Sequence[int], table: str) -> list[_Pixel]:
    """The pixels in their order."""
    found = [_pixel(place, name) for place, name in enumerate(plain)]
    forms = Counter(pixel.form for pixel in found if pixel)
    form = forms.most_common(1)[0][0] if forms else None
    for place, pixel in enumerate(found):
        if place not in labels and (pixel is None or pixel.form != form):
            raise DataError(
                f"{table}: column {place + 1} is named {names[place]!r}, expected {_EXPECTED}: remove it, or name it "
                "label if it holds the labels"
            )
    pixels = sorted((pixel for pixel in found if pixel), key=lambda pixel: (pixel.row, pixel.number))
    if len(pixels) != PIXELS:
        raise DataError(f"{table}: {len(pixels)} columns of pixels, expected {PIXELS} (pictures of {SIDE}x{SIDE})")
    _check_complete(pixels, names, table)
    return pixels


def _pixel(place: int, name: str) -> _Pixel | None:
    match = _PIXEL.fullmatch(name)
    if match is None:
        return None
    return _Pixel(place, (match["prefix"], match["between"]), int(match["row"] or 0), int(match["number"]))


def _check_complete(pixels: Sequence[_Pixel], names: Sequence[str], table: str) -> None:
    """Raise `DataError` where a pixel is missing or there twice: its numbers have no gap, wherever they begin."""
    first = pixels[0]
    by_rows = first.form[1] is not None
    for place, pixel in enumerate(pixels):
        row, number = divmod(place, SIDE) if by_rows else (0, place)
        if (pixel.row, pixel.number) != (first.row + row, first.number + number):
            raise DataError(
                f"{table}: column {pixel.column + 1} is named {names[pixel.column]!r}, where another pixel was "
                "expected: one is missing, or there twice"
            )

"""Data that a caller has in memory: digits, a pair of arrays, or two pairs as Keras returns them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeAlias

from numpy.typing import ArrayLike

from inkdigits.datasets.array_pictures import labels_of, pictures_of
from inkdigits.datasets.labelled import LabelledDigits, Splits
from inkdigits.errors import DataError

__all__ = ["DataSource", "digits_in_memory"]

ArrayPair: TypeAlias = tuple[ArrayLike, ArrayLike]
# What `data` may be: a source by name or path, digits, (x, y), or ((x_train, y_train), (x_test, y_test)).
DataSource: TypeAlias = str | Path | LabelledDigits | Splits | ArrayPair | tuple[ArrayPair, ArrayPair]

_EXPECTED = (
    "a source's name or path, LabelledDigits, a pair of arrays (x, y), or ((x_train, y_train), (x_test, y_test))"
)


def digits_in_memory(source: DataSource) -> Splits | None:
    """The digits that `source` holds itself; None where it names them, as text or a path.

    Shapes and values of arrays are those of `array_pictures`. Raises `DataError` for anything else.
    """
    if isinstance(source, str | Path):
        return None
    if isinstance(source, Splits):
        return source
    if isinstance(source, LabelledDigits):
        return Splits(source, None)
    if not isinstance(source, tuple | list) or len(source) != 2:
        raise DataError(f"data: expected {_EXPECTED}, got {type(source).__name__}")
    first, second = source
    if _is_pair(first) and _is_pair(second):
        return Splits(_digits(first, "(x_train, y_train)"), _digits(second, "(x_test, y_test)"))
    return Splits(_digits((first, second), "(x, y)"), None)


def _is_pair(value: object) -> bool:
    return isinstance(value, tuple | list) and len(value) == 2 and getattr(value[0], "ndim", 0) > 1


def _digits(pair: Any, name: str) -> LabelledDigits:
    images, labels = pair
    return LabelledDigits(pictures_of(images, name), labels_of(labels, name), name)

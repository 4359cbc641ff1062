"""Arrays that users bring, of any usual shape and range, as uint8 (n, 28, 28) and int64 (n,)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inkdigits.datasets.large_arrays import gathered, parts_of
from inkdigits.errors import DataError

__all__ = ["highest_value", "labels_of", "numbers_of", "pictures_of"]

_SHAPES = "(n, 28, 28), (n, 784), (n, 28, 28, 1) or (n, 1, 28, 28)"
_RANGES = "whole numbers 0 to 255, or floats from 0 to 1 or from 0 to 255"


def pictures_of(array: ArrayLike, name: str, high: float | None = None) -> NDArray[np.uint8]:
    """Pictures uint8 (n, 28, 28) from an array of shape (n, 28, 28), (n, 784), (n, 28, 28, 1) or (n, 1, 28, 28).

    Values are booleans, whole numbers 0 to 255, or floats from 0 to 1 (times 255) or from 0 to 255, white ink on black.
    Whatever NumPy can convert is taken. `high` is the highest value of all pictures where these are a part of them.
    Raises `DataError` that begins with `name` for other shapes, types and values.
    """
    found = numbers_of(array, name)
    if found.shape[1:] not in ((28, 28), (784,), (28, 28, 1), (1, 28, 28)):
        one = ": one picture is images[None]" if found.shape in ((28, 28), (784,)) else ""
        raise DataError(f"{name}: expected pictures {_SHAPES}, got {found.dtype} {found.shape}{one}")
    return _in_bytes(found, name, high).reshape(-1, 28, 28)


def numbers_of(array: ArrayLike, name: str) -> NDArray[Any]:
    """`array` as NumPy has it. Raises `DataError` for ragged lists, sparse matrices and complex numbers."""
    # SciPy's matrices have no length, and would become one object.
    if hasattr(array, "toarray"):
        raise DataError(f"{name}: a sparse matrix, expected an array: convert it with .toarray()")
    try:
        found = np.asarray(array)
        return found.astype(np.float64) if found.dtype.kind == "O" else found
    except (ValueError, TypeError) as error:
        raise DataError(f"{name}: expected an array of numbers, got what NumPy cannot convert: {error}") from error


def _in_bytes(array: NDArray[Any], name: str, high: float | None) -> NDArray[np.uint8]:
    if array.dtype == np.uint8:
        return array
    if array.dtype.kind not in "biuf":
        raise DataError(f"{name}: expected pictures of {_RANGES}, got {array.dtype}")
    if array.dtype.kind == "b":
        return gathered(part.astype(np.uint8) * np.uint8(255) for part in parts_of(array))
    high = highest_value(parts_of(array), name) if high is None else high
    scale = 255.0 if array.dtype.kind == "f" and high <= 1 else 1.0
    return gathered(np.rint(part * scale).astype(np.uint8) for part in parts_of(array))


def highest_value(parts: Iterable[NDArray[Any]], name: str) -> float:
    """The highest value of numbers in `parts`, 0 for none. Raises `DataError` for one that no pixel can have."""
    ends = [_ends(part, name) for part in parts if part.size]
    low, high = (min(low for low, _ in ends), max(high for _, high in ends)) if ends else (0.0, 0.0)
    if low < 0 or high > 255:
        scaled = ": leave out what standardizes them, such as a StandardScaler" if low < 0 else ""
        raise DataError(f"{name}: pictures with values from {low:g} to {high:g}, expected {_RANGES}{scaled}")
    return high


def _ends(part: NDArray[Any], name: str) -> tuple[float, float]:
    if part.dtype.kind == "f" and not np.isfinite(part).all():
        found = "NaN" if np.isnan(part).any() else "infinite"
        raise DataError(f"{name}: pictures with values that are {found}, expected {_RANGES}")
    return float(part.min()), float(part.max())


def labels_of(array: ArrayLike, name: str) -> NDArray[np.int64]:
    """Labels int64 (n,) from whole numbers, floats without a fraction, text, or one-hot rows (n, 10).

    Raises `DataError` that begins with `name` for anything else; that they are digits, `LabelledDigits` checks.
    """
    found = np.asarray(array)
    if found.ndim == 2 and found.shape[1] == 1:
        found = found[:, 0]
    if found.ndim == 2 and found.shape[1] == 10:
        found = _from_one_hot(found, name)
    if found.ndim != 1:
        raise DataError(f"{name}: expected labels (n,) or one-hot (n, 10), got {found.dtype} {found.shape}")
    if found.dtype.kind in "iu" and found.dtype.itemsize < 8:
        return found.astype(np.int64)
    try:
        numbers = found.astype(np.float64)
    except (ValueError, TypeError) as error:
        raise DataError(f"{name}: expected labels 0 to 9, got {found.dtype}: {error}") from error
    wrong = np.flatnonzero(~(np.isfinite(numbers) & (numbers == np.floor(numbers))))
    if len(wrong):
        raise DataError(f"{name}: label {found[wrong[0]]} at index {wrong[0]}, expected digits 0 to 9")
    return numbers.astype(np.int64)


def _from_one_hot(rows: NDArray[Any], name: str) -> NDArray[np.int64]:
    if not (((rows == 0) | (rows == 1)).all() and (rows.sum(axis=1) == 1).all()):
        raise DataError(f"{name}: labels (n, 10) that are not one-hot: expected a single 1 in each row")
    labels: NDArray[np.int64] = rows.argmax(axis=1).astype(np.int64)
    return labels

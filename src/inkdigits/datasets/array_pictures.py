"""Arrays that users bring, of any usual shape and range, as uint8 (n, 28, 28) and int64 (n,)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inkdigits.errors import DataError

__all__ = ["labels_of", "pictures_of"]

_SHAPES = "(n, 28, 28), (n, 784), (n, 28, 28, 1) or (n, 1, 28, 28)"
_RANGES = "whole numbers 0 to 255, or floats from 0 to 1 or from 0 to 255"


def pictures_of(array: ArrayLike, name: str) -> NDArray[np.uint8]:
    """Pictures uint8 (n, 28, 28) from an array of shape (n, 28, 28), (n, 784), (n, 28, 28, 1) or (n, 1, 28, 28).

    Values are booleans, whole numbers 0 to 255, or floats from 0 to 1 (times 255) or from 0 to 255, white ink on black.
    Whatever NumPy can convert is taken. Raises `DataError` that begins with `name` for other shapes, types and values.
    """
    found = _as_array(array, name)
    if found.shape[1:] not in ((28, 28), (784,), (28, 28, 1), (1, 28, 28)):
        one = ": one picture is images[None]" if found.shape in ((28, 28), (784,)) else ""
        raise DataError(f"{name}: expected pictures {_SHAPES}, got {found.dtype} {found.shape}{one}")
    return _in_bytes(found, name).reshape(-1, 28, 28)


def _as_array(array: ArrayLike, name: str) -> NDArray[Any]:
    """`array` as NumPy has it. Raises `DataError` for ragged lists, sparse matrices and complex numbers."""
    # SciPy's matrices have no length, and would become one object.
    if hasattr(array, "toarray"):
        raise DataError(f"{name}: a sparse matrix, expected an array: convert it with .toarray()")
    try:
        found = np.asarray(array)
        return found.astype(np.float64) if found.dtype.kind == "O" else found
    except (ValueError, TypeError) as error:
        raise DataError(f"{name}: expected an array of numbers, got what NumPy cannot convert: {error}") from error


def _in_bytes(array: NDArray[Any], name: str) -> NDArray[np.uint8]:
    if array.dtype == np.uint8:
        return array
    if array.dtype.kind == "b":
        return array.astype(np.uint8) * np.uint8(255)
    if array.dtype.kind not in "iuf":
        raise DataError(f"{name}: expected pictures of {_RANGES}, got {array.dtype}")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise DataError(f"{name}: pictures with values that are NaN or infinite (inf), expected {_RANGES}")
    low, high = (float(array.min()), float(array.max())) if array.size else (0.0, 0.0)
    if low < 0 or high > 255:
        raise DataError(f"{name}: pictures with values from {low:g} to {high:g}, expected {_RANGES}")
    scale = 255.0 if array.dtype.kind == "f" and high <= 1 else 1.0
    return np.rint(array * scale).astype(np.uint8)


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

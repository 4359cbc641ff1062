"""The arrays of an npz file. Whatever NumPy and zipfile raise for a damaged one becomes a `DataError`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import DataError, one_line

__all__ = ["read_arrays"]


def read_arrays(
    path: Path, choose: Callable[[list[str]], Sequence[str]] = lambda names: names
) -> dict[str, NDArray[Any]]:
    """The arrays in the npz file `path` by name, or those whose names `choose` returns.

    Nothing is unpickled. Raises `DataError` when the file is missing, damaged, or holds anything but plain arrays.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in choose(archive.files)}
    except DataError:
        raise
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file, expected an npz file") from error
    except Exception as error:
        # A flipped bit may mean another compression, a password, an invalid header or a petabyte.
        reason = one_line(error) or type(error).__name__
        raise DataError(f"{path}: damaged, or not an npz file of plain arrays ({reason:.200})") from error
    strange = [name for name, array in arrays.items() if not isinstance(array, np.ndarray)]
    if strange:
        raise DataError(f"{path}: {strange[0]!r} is not an array, expected an npz file of plain arrays")
    return arrays

"""Arrays of pictures that may be larger than memory: above a size they lie in a temporary file, which is mapped.

Everything else sees a NumPy array: the system reads its pages when they are used, and drops them when memory is short.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import OutputError, output_error

__all__ = ["LARGE", "PART", "gathered", "is_large", "map_file", "parts_of", "rows_of"]

LARGE = 2**28  # bytes of pictures, over five times MNIST's; more are kept in a file
PART = 2**14  # pictures that are read, converted or copied together
_PICTURE = 28 * 28  # bytes


def is_large(n: int) -> bool:
    """Whether `n` pictures of 28x28 bytes are more than `LARGE`."""
    return n * _PICTURE > LARGE


def parts_of(array: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Views of `array`, `PART` rows each, the last fewer; of an empty array itself."""
    for start in range(0, max(1, len(array)), PART):
        yield array[start : start + PART]


def gathered(parts: Iterable[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """The rows of all `parts`, at least one, of which only a few are in memory at a time.

    Up to `LARGE` bytes are kept in memory. More are written into a temporary file without a name, which the system
    removes when the process ends, however it ends; the array is mapped from it and read-only. Raises `OutputError`
    when they cannot be written.
    """
    kept, size, rest = [], 0, iter(parts)
    for part in rest:
        kept.append(part)
        size += part.nbytes
        if size > LARGE:
            return _in_file(_chained(kept, rest), part.shape[1:])
    return kept[0] if len(kept) == 1 else np.concatenate(kept)


def rows_of(images: NDArray[np.uint8], rows: NDArray[Any] | slice) -> NDArray[np.uint8]:
    """`images[rows]`; above `LARGE` bytes a view for a slice, else as `gathered`. Raises as that."""
    if isinstance(rows, slice) or images.nbytes <= LARGE:
        return images[rows]
    indices = np.flatnonzero(rows) if rows.dtype == bool else rows
    parts = (images[part] for part in parts_of(indices))
    return gathered(parts) if indices.size * images[0].nbytes <= LARGE else _in_file(parts, images.shape[1:])


def map_file(file: IO[bytes], offset: int, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """The bytes of `file` from `offset` on as an array uint8 of `shape`, mapped and read-only. Raises `OSError`."""
    # An array and not a `memmap`, whose views cost more to make.
    return np.asarray(np.memmap(file, np.uint8, "r", offset, shape))


def _chained(kept: list[NDArray[np.uint8]], rest: Iterator[NDArray[np.uint8]]) -> Iterator[NDArray[np.uint8]]:
    """`kept`, which is emptied so that its memory is free once written, then the `rest`."""
    while kept:
        yield kept.pop(0)
    yield from rest


def _in_file(parts: Iterator[NDArray[np.uint8]], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    folder, rows = _temporary_folder(), 0
    try:
        file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - the mapping keeps it when it is closed below
    except OSError as error:
        raise _no_room(error, folder) from error
    with file:
        for part in parts:
            _append(file, part, folder)
            rows += len(part)
        return map_file(file, 0, (rows, *shape))


def _append(file: IO[bytes], part: NDArray[np.uint8], folder: Path) -> None:
    try:
        file.write(np.ascontiguousarray(part).data)
        file.flush()
    except OSError as error:
        raise _no_room(error, folder) from error


def _temporary_folder() -> Path:
    """TMPDIR where it is set, else /var/tmp, since /tmp may itself be in memory, else what Python knows."""
    kept = Path("/var/tmp")
    return kept if "TMPDIR" not in os.environ and os.access(kept, os.W_OK) else Path(tempfile.gettempdir())


def _no_room(error: OSError, folder: Path) -> OutputError:
    return OutputError(
        f"{output_error(error, folder)}; pictures of more than {LARGE >> 20} MiB are kept in a temporary file: "
        "set TMPDIR to a folder on a disk with room for two copies of them"
    )

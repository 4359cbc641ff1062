"""The folder through which a submission's kernel hands arrays and saved networks to the checker.

Its files are untrusted: names must be those of our own code's form, links are not followed, and a file of another size
than announced is no array.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inkdigits.exercise.observations import OfferedArray

__all__ = ["MAX_BYTES", "read_array", "read_file"]

MAX_BYTES = 2 << 30  # of one array: the training pictures as float64 take a fifth of this
_NAME = re.compile(r"[0-9a-f]{32}\.(raw|keras|npy)")


def read_array(folder: Path, offered: OfferedArray) -> NDArray[np.generic] | None:
    """The array that was offered, its file removed; None where the file does not hold it."""
    try:
        dtype = np.dtype(offered.dtype)
    except TypeError:
        return None
    content = read_file(folder, offered.file)
    if content is None or dtype.kind not in "biuf" or min(offered.shape, default=0) < 0:
        return None
    if len(content) != int(np.prod(offered.shape, dtype=object)) * dtype.itemsize:
        return None
    return np.frombuffer(content, dtype).reshape(offered.shape)


def read_file(folder: Path, name: str) -> bytes | None:
    """The content of an exchanged file, which is removed; None where there is no such regular file."""
    if not _NAME.fullmatch(name):
        return None
    try:
        opened = os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(opened, "rb") as file:
            status = os.fstat(file.fileno())
            content = file.read(MAX_BYTES + 1) if stat.S_ISREG(status.st_mode) else b""
        (folder / name).unlink()
    except OSError:
        return None
    return content if len(content) <= MAX_BYTES else None

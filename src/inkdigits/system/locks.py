"""A lock file: held by one process at a time, and released by the operating system however that process ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from inkdigits.errors import InkdigitsError, output_error

__all__ = ["exclusive_lock", "is_locked"]


@contextmanager
def exclusive_lock(lock: Path, busy: InkdigitsError) -> Iterator[None]:
    """Hold the file `lock`, created if missing, for the block. Raises `busy` when another process holds it.

    Raises `OutputError` when the file cannot be created.
    """
    import fcntl  # missing on Windows, where reading pictures works and training does not

    try:
        file = lock.open("a")
    except OSError as error:
        raise output_error(error, lock.parent) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise busy from error
        yield


def is_locked(lock: Path) -> bool:
    """Whether another process holds the file `lock`; False where it is missing or cannot be opened."""
    import fcntl

    try:
        file = lock.open("rb")
    except OSError:
        return False
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False

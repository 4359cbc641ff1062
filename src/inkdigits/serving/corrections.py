"""Users' corrections: pictures in one folder per class, a dataset for `train --data` and `evaluate --data`."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import OutputError, RequestError
from inkdigits.images.png import encode_png
from inkdigits.serving.access_log import log_event
from inkdigits.serving.settings import ServerLimits
from inkdigits.system.atomic_io import make_folder, write_bytes

__all__ = ["Corrections"]

_CLASSES = range(10)


@dataclass(frozen=True)
class Corrections:
    """The folder and its quota, which all workers together keep."""

    folder: Path
    limits: ServerLimits

    def prepare(self) -> None:
        """Make the folder. Raises `OutputError`."""
        make_folder(self.folder)

    def keep(self, picture: NDArray[np.uint8], label: int) -> str:
        """Write `picture`, uint8 (28, 28), as a `label`, and return its file, relative to the folder.

        The file's name is the content's hash: the same picture is kept once, under its last label. Raises
        `RequestError`: 507 when the folder or its disk is full, 503 when it cannot be written. Nothing is kept then.
        """
        try:
            return self._keep(picture, label)
        except OutputError as error:
            raise _refused(error.__cause__) from error
        except OSError as error:
            raise _refused(error) from error

    def _keep(self, picture: NDArray[np.uint8], label: int) -> str:
        content = encode_png(picture)
        name = f"{hashlib.sha256(content).hexdigest()[:32]}.png"
        file = self.folder / str(label) / name
        with self._locked():
            before = [path for other in _CLASSES if (path := self.folder / str(other) / name).exists()]
            if not before:
                self._check_quota(len(content))
            if file not in before:
                write_bytes(file, content)
            for path in before:
                if path != file:
                    path.unlink()
        return f"{label}/{name}"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One writer at a time among all workers."""
        with (self.folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _check_quota(self, more: int) -> None:
        files, size = 0, more
        for label in _CLASSES:
            for entry in _entries(self.folder / str(label)):
                files, size = files + 1, size + entry.stat().st_size
        if files >= self.limits.corrections or size > self.limits.corrections_bytes:
            raise RequestError(507, "full", f"the folder of corrections is full: {files:,} pictures")


def _refused(error: BaseException | None) -> RequestError:
    """What a client is told; the log names the file."""
    log_event("correction_failed", "error", error=repr(error))
    number = error.errno if isinstance(error, OSError) else None
    if number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return RequestError(507, "full", "the disk of the corrections is full: nothing was kept")
    reason = os.strerror(number) if number else "an error that the log names"
    return RequestError(503, "corrections", f"the folder of corrections cannot be written ({reason}): nothing was kept")


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except (FileNotFoundError, NotADirectoryError):
        return []

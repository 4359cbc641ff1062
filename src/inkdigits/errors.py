"""All errors that inkdigits raises on purpose.

Each message names what was wrong, what was expected, what was found and what to do next. The command line prints it as
one line on stderr and exits with code 2. Options in it have the command line's names; `str` gives them Python's.
"""

from __future__ import annotations

import errno
import importlib.util
from collections.abc import Mapping
from pathlib import Path

from inkdigits.option_names import python_names

__all__ = [
    "BatchError",
    "BlankPictureError",
    "ClusterError",
    "DataError",
    "ExerciseError",
    "ExportError",
    "InkdigitsError",
    "MissingExtraError",
    "ModelFileError",
    "NetworkError",
    "OutputError",
    "PictureCostError",
    "PictureError",
    "RecipeError",
    "RemoteModelError",
    "RequestError",
    "RunError",
    "ServingError",
    "TrainingDivergedError",
    "output_error",
    "require_extra",
]


class InkdigitsError(Exception):
    """The base class of all errors that inkdigits raises on purpose."""

    @property
    def message(self) -> str:
        """The message with the command line's names of options."""
        return super().__str__()

    def __str__(self) -> str:
        return python_names(self.message)


class DataError(InkdigitsError):
    """A data set or one of its files is missing, damaged or of another format than expected."""


class BlankPictureError(DataError):
    """A picture holds no ink, so there is no digit to normalize."""


class PictureError(DataError):
    """A picture is missing, damaged, too large or in a format that cannot be read."""


class PictureCostError(PictureError):
    """Decoding a picture takes more memory or time than is allowed, or makes its decoder crash."""


class NetworkError(InkdigitsError):
    """A network's name is unknown, or a user's own network has the wrong input or output shape."""


class ExportError(InkdigitsError):
    """A network cannot be written in that format, or the file gives other probabilities than the network."""


class ModelFileError(InkdigitsError):
    """A model file is missing, damaged, changed, not written by inkdigits or by a newer version of it."""


class RecipeError(InkdigitsError):
    """A recipe or a hyperparameter is unknown, or a hyperparameter's value is out of its range."""


class RunError(InkdigitsError):
    """A run's folder is missing, damaged, finished, in use or not comparable."""


class TrainingDivergedError(InkdigitsError):
    """The loss became NaN or infinite, so the training stopped."""


class ExerciseError(InkdigitsError):
    """A submission is not a notebook, or the exercise's master is malformed."""


class ServingError(InkdigitsError):
    """A server cannot start: the port is in use, the token is invalid, or it would be open to others by mistake."""


class RequestError(InkdigitsError):
    """An HTTP request that is refused, with its status code and a short name of the kind of problem.

    `retry_after` is the number of seconds after which a retry makes sense; None where it never does.
    """

    def __init__(
        self,
        status: int,
        kind: str,
        detail: str,
        *,
        retry_after: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.kind, self.retry_after, self.headers = status, kind, retry_after, dict(headers or {})

    def __str__(self) -> str:
        return self.message  # what it advises is for whoever starts the server


class RemoteModelError(InkdigitsError):
    """A remote model cannot be reached, refuses the request, or gives a malformed response."""


class BatchError(InkdigitsError):
    """A batch's source is missing or changed, or its results are damaged, in use or those of another batch."""


class ClusterError(InkdigitsError):
    """No Ray cluster answers, or the cluster cannot do the work."""


class OutputError(InkdigitsError):
    """A result cannot be written: no permission, no space, or the file exists."""


class MissingExtraError(InkdigitsError):
    """A feature needs an optional dependency that is not installed."""


def require_extra(module: str, extra: str, needed_by: str) -> None:
    """Raise `MissingExtraError` with the exact install command unless `module` can be imported."""
    if importlib.util.find_spec(module) is None:
        raise MissingExtraError(f"{needed_by} needs {module}, which is not installed: pip install 'inkdigits[{extra}]'")


_REASONS = {
    errno.EACCES: "no permission to write there: choose another place",
    errno.EPERM: "no permission to write there: choose another place",
    errno.EROFS: "the file system is read-only: choose another place",
    errno.ENOSPC: "the disk is full: free some space, then run it again",
    errno.EDQUOT: "the disk quota is used up: free some space, then run it again",
    errno.EFBIG: "the file size limit is reached: raise it (ulimit -f) or free some space, then run it again",
    errno.ENOTDIR: "a part of that path is a file, not a folder: choose another place",
    errno.ENOENT: "the folder cannot be made there: choose another place",
}


def one_line(error: BaseException) -> str:
    """The message of another library's error on one line; it may be empty."""
    return " ".join(str(error).split())


def output_error(error: OSError, path: Path | str) -> OutputError:
    """An `OutputError` that says why `path` could not be written and what to do next."""
    reason = _REASONS.get(error.errno or 0, error.strerror or str(error))
    return OutputError(f"cannot write {path}: {reason}")

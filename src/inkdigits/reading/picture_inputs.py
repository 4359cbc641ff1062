"""What `Reader.read` takes as a picture, and as a region and a length; everything else is refused by name."""

from __future__ import annotations

import operator
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import PictureError
from inkdigits.images import decode
from inkdigits.normalize import SIZE

if TYPE_CHECKING:
    from PIL import Image

__all__ = [
    "ArrayOfLibrary",
    "BinaryFile",
    "Many",
    "OnePicture",
    "Picture",
    "Region",
    "check_length",
    "check_pictures",
    "checked_region",
    "named_source",
]

# x, y, width and height in pixels of the upright picture.
Region: TypeAlias = tuple[int, int, int, int]

_CHANNELS = (1, 3, 4)
_EXPECTED = "a path, a file's bytes, a file opened in binary mode, a PIL image, or an array"


class BinaryFile(Protocol):
    """A file opened in binary mode."""

    def read(self) -> bytes:
        """Everything in it."""


class ArrayOfLibrary(Protocol):
    """An array of NumPy, JAX, torch or any library that converts to NumPy."""

    def __array__(self) -> NDArray[Any]:
        """The same array of NumPy."""


_File: TypeAlias = "str | os.PathLike[str] | bytes | bytearray | memoryview"
Picture: TypeAlias = "_File | BinaryFile | Image.Image | ArrayOfLibrary"
OnePicture = TypeVar("OnePicture", bound=Picture)
Many: TypeAlias = list[OnePicture] | tuple[OnePicture, ...]


def named_source(picture: Picture, place: int | None = None) -> tuple[str, decode.Source]:
    """The name of `picture` for messages, and what `decode.open_pages` takes.

    `place` is that in a list of pictures, counted from 0; it stands in the name of a picture that has none. Arrays of
    JAX, torch and everything else with `__array__` become NumPy's, with their channels last. Raises `PictureError` for
    other types.
    """
    name = decode.name_of(picture) if isinstance(picture, str | Path) else _name(picture)
    if name.startswith("<") and place is not None:
        name = f"{name} {place}"
    return name, _source(picture, name)


def _name(picture: Any) -> str:
    name = getattr(picture, "name", None) or getattr(picture, "filename", None)
    return decode.printable(str(name)) if isinstance(name, str | Path) else f"<{type(picture).__name__}>"


def _source(picture: Any, name: str) -> decode.Source:
    if isinstance(picture, str | Path | bytes | bytearray | memoryview) or _is_image(picture):
        return picture
    if isinstance(picture, os.PathLike):
        return os.fspath(picture)
    if callable(getattr(picture, "read", None)):
        content = picture.read()
        if not isinstance(content, bytes):
            raise PictureError(f"{name}: a file opened as text, expected one opened in binary mode: open(path, 'rb')")
        return content
    if hasattr(picture, "__array__"):
        return _channels_last(_as_numpy(picture, name), name)
    raise PictureError(f"{name}: expected {_EXPECTED}, got {type(picture).__name__}")


def _is_image(picture: object) -> bool:
    return any(kind.__module__ == "PIL.Image" for kind in type(picture).__mro__)


def _as_numpy(picture: Any, name: str) -> NDArray[Any]:
    try:
        return np.asarray(picture)
    except Exception as error:  # each library raises its own, such as torch for a tensor on a GPU
        raise PictureError(f"{name}: cannot be converted to a NumPy array: {error}") from error


def _channels_last(array: NDArray[Any], name: str) -> NDArray[Any]:
    """Pictures of torch have their channels first. Raises `PictureError` where they may lie elsewhere."""
    if array.ndim != 3:
        return array
    first, last = array.shape[0] in _CHANNELS, array.shape[2] in _CHANNELS
    if first and last:
        raise PictureError(
            f"{name}: {array.shape} may be (height, width, channels) or (channels, height, width): pass a PIL image, "
            "or pad it to 5 pixels or more"
        )
    if first and len(array) > 1 and array.shape[1:] == (SIZE, SIZE):
        raise PictureError(
            f"{name}: {array.shape} may be {len(array)} digits of a data set or one picture with its channels first: "
            "pass list(array) for digits, numpy.moveaxis(array, 0, -1) for one picture"
        )
    return np.moveaxis(array, 0, -1) if first else array


def check_pictures(pictures: list[Any] | tuple[Any, ...]) -> None:
    """Raise `PictureError` for lists of numbers, which are no list of pictures."""
    for one in pictures:
        if isinstance(one, list | tuple | int | float | np.number | np.bool_):
            kind = type(pictures).__name__
            inner = f"{type(one).__name__}s" if isinstance(one, list | tuple) else "numbers"
            raise PictureError(
                f"<{kind}>: a {kind} of {inner}, expected a list of pictures: make one picture of it by "
                "numpy.asarray(numbers, numpy.uint8), with 0 for black and 255 for white"
            )


def checked_region(region: Region | None) -> tuple[int, int, int, int] | None:
    """`region` as four whole numbers. Raises `PictureError` for anything else."""
    if region is None:
        return None
    try:
        x, y, w, h = (operator.index(number) for number in region)
    except (TypeError, ValueError) as error:
        raise PictureError(
            f"region {region!r}: expected four whole numbers, (x, y, width, height) in pixels"
        ) from error
    return x, y, w, h


def check_length(length: object) -> None:
    """Raise `PictureError` unless `length` is None or a whole number from 1."""
    if length is None:
        return
    whole = isinstance(length, int | np.integer) and not isinstance(length, bool)
    if not whole or operator.index(length) < 1:  # type: ignore[arg-type]  # it is whole
        raise PictureError(f"length {length!r}: expected the number of digits, a whole number from 1, or None")

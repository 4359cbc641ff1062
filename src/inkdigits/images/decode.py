"""Decode a picture of any kind into upright grey or RGB pixels; whatever is not a picture, or too large, is refused.

Small PNG, JPEG and WebP files are decoded here, in the caller's process. All others are decoded in processes of their
own (`decoder_pool`), with limits on memory and time that the kernel keeps: a decoder that a file makes crash, loop or
fill the memory harms nothing but the reading of that file. Every command and data set decodes pictures here.
"""

from __future__ import annotations

import contextlib
import io
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import PictureError
from inkdigits.images import flatten
from inkdigits.images.decoder_pool import shared_pool
from inkdigits.images.file_formats import check_pixels, image_pages, small_picture
from inkdigits.images.page import Page
from inkdigits.images.png import MAX_PLAIN_BYTES, SIGNATURE, decode_plain_png

__all__ = [
    "MAX_BYTES",
    "SUFFIXES",
    "Page",
    "Source",
    "decoded_here",
    "is_decoded_here",
    "is_picture_file",
    "name_of",
    "open_pages",
    "pictures_below",
    "printable",
]

# A path, a file's bytes, a PIL image, a `Page`, or an array (height, width) or (height, width, 1, 3 or 4) of what
# `flatten.levels` takes.
Source = Any
SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".jpe", ".webp", ".bmp", ".dib", ".tif", ".tiff", ".gif", ".heic", ".heif", ".avif"}
    | {".jp2", ".pbm", ".pgm", ".ppm", ".pdf"}
)
MAX_BYTES = 400_000_000


def is_picture_file(path: Path) -> bool:
    """Whether the name of `path` ends as a picture's does, and is not hidden."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".")


def pictures_below(folder: Path) -> list[Path]:
    """The files of pictures below `folder`, recursively, sorted; hidden files are left out.

    Raises `PictureError` when there is none.
    """
    files = sorted(file for file in folder.rglob("*") if is_picture_file(file))
    if not files:
        expected = f"expected files that end in {', '.join(sorted(SUFFIXES))}"
        raise PictureError(f"{printable(str(folder))}: no pictures in it, {expected}")
    return files


def name_of(source: Source) -> str:
    """The name of a picture in readings and messages: its path, or the kind of object that it is."""
    if isinstance(source, str | Path):
        return printable(str(source))
    return str(getattr(source, "filename", "") or f"<{type(source).__name__}>")


def printable(path: str) -> str:
    """`path` as valid Unicode: bytes of a file's name that are not UTF-8 become \\xNN."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def open_pages(source: Source, name: str | None = None, max_pages: int | None = None) -> Iterator[Page]:
    """The pages of `source`, decoded lazily: one, every frame of a TIFF or an animation, or every page of a PDF.

    Raises `PictureError`, which names the picture, when it is missing, not a picture, truncated, larger than 89
    megapixels or without pixels, has more than `max_pages` pages or is an animation of more than 1,000 frames, or is a
    PDF or HEIC whose extra is not installed, and its subclass `PictureCostError` when decoding it takes more memory or
    time than `decoder_pool` allows.
    """
    name = name or name_of(source)
    if isinstance(source, Page):
        yield source
    elif isinstance(source, np.ndarray):
        yield Page(name, 0, _from_array(source, name))
    elif isinstance(source, bytes | bytearray | memoryview):
        content = bytes(source)
        page = decoded_here(content, name)
        yield from _in_a_process(content, name, max_pages) if page is None else [page]
    elif isinstance(source, str | Path):
        yield from _from_path(Path(source), name, max_pages)
    else:
        yield from _from_image(source, name, max_pages)


def decoded_here(content: bytes, name: str) -> Page | None:
    """The picture in a file that this process may decode by itself; None for one that needs a decoding process.

    Raises `PictureError` for what is too large or empty, and for a small picture that is damaged.
    """
    if len(content) > MAX_BYTES:
        raise PictureError(f"{name}: more than the {MAX_BYTES:,} bytes that are read")
    return _decoded_file(io.BytesIO(content), name)


def is_decoded_here(content: bytes) -> bool:
    """Whether `decoded_here` has an answer, or a reason to refuse it, without decoding it yet."""
    try:
        return not content or small_picture(io.BytesIO(content), "") is not None
    except PictureError:
        return True


def _from_path(path: Path, name: str, max_pages: int | None) -> Iterator[Page]:
    with _opened(path, name) as file:
        page = _decoded_file(file, name)
    yield from _in_a_process(path, name, max_pages) if page is None else [page]


def _in_a_process(content: bytes | Path, name: str, max_pages: int | None) -> Iterator[Page]:
    with contextlib.closing(shared_pool().pages(content, name, max_pages)) as pages:
        for page, _ in pages:
            yield page


def _decoded_file(file: Any, name: str) -> Page | None:
    head = file.read(16)
    file.seek(0)
    if not head:
        raise PictureError(f"{name}: empty, expected a picture")
    pixels = decode_plain_png(file.read(MAX_PLAIN_BYTES + 1)) if head.startswith(SIGNATURE) else None
    file.seek(0)
    if pixels is not None:
        return Page(name, 0, pixels)
    image = small_picture(file, name)
    return None if image is None else next(_from_image(image, name, None))


def _from_image(image: Any, name: str, max_pages: int | None) -> Iterator[Page]:
    if not hasattr(image, "getbands"):
        raise PictureError(
            f"{name}: expected a path, a file's bytes, a PIL image or an array, got {type(image).__name__}"
        )
    for number, (pixels, _) in enumerate(image_pages(image, name, max_pages)):
        yield Page(name, number, pixels)


def _from_array(array: NDArray[Any], name: str) -> NDArray[np.uint8]:
    channels = array.shape[2] if array.ndim == 3 else 1
    if array.dtype.kind not in "buif" or array.ndim not in {2, 3} or channels not in {1, 3, 4} or array.size == 0:
        raise PictureError(
            f"{name}: expected a picture as uint8 or other numbers, (height, width), (height, width, 1), (height, "
            f"width, 3) or (height, width, 4), got {array.dtype} {array.shape}{_advice(array)}"
        )
    check_pixels(array.shape[1], array.shape[0], name)
    pixels = flatten.levels(array, name)
    if channels == 4:
        return flatten.on_paper(pixels)
    return np.ascontiguousarray(pixels[:, :, 0] if channels == 1 and pixels.ndim == 3 else pixels)


def _advice(array: NDArray[Any]) -> str:
    """What to do with an array that is no picture, after a colon; empty where nothing is known."""
    if array.ndim == 4 or (array.ndim == 3 and array.shape[2] > 4):
        return ": several pictures are read by a list, list(array)"
    if array.ndim == 1 and array.size == 784:
        return ": array.reshape(28, 28) is a picture"
    return ": convert it to numbers first" if array.dtype.kind not in "buif" else ""


def _opened(path: Path, name: str) -> Any:
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise PictureError(f"{name}: a folder, expected a picture's file")
        if not stat.S_ISREG(mode):
            raise PictureError(f"{name}: not a file, expected a picture: give - to read standard input")
        if path.stat().st_size > MAX_BYTES:
            raise PictureError(f"{name}: {path.stat().st_size:,} bytes, more than the {MAX_BYTES:,} that are read")
        return path.open("rb")
    except FileNotFoundError as error:
        raise PictureError(f"{name}: no such file") from error
    except PermissionError as error:
        raise PictureError(f"{name}: no permission to read it") from error
    except (OSError, ValueError) as error:
        raise PictureError(f"{name}: cannot be read: {getattr(error, 'strerror', None) or error}") from error

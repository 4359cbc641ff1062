"""Decode a picture of any kind into upright grey or RGB pixels; whatever is not a picture, or too large, is refused.

The size is read from a file's header, so a small file that claims a billion pixels is refused before it is decoded.
Every command and data set decodes pictures here.
"""

from __future__ import annotations

import contextlib
import io
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import PictureError
from inkdigits.images import flatten
from inkdigits.images.pdf import pdf_pages
from inkdigits.images.png import MAX_PLAIN_BYTES, SIGNATURE, decode_plain_png

if TYPE_CHECKING:
    from PIL import Image

__all__ = [
    "MAX_BYTES",
    "MAX_PIXELS",
    "SUFFIXES",
    "Page",
    "Source",
    "is_picture_file",
    "name_of",
    "open_pages",
    "pictures_below",
    "printable",
]

# A path, a file's bytes, a PIL image, or an array (height, width), (height, width, 3) or (height, width, 4) of what
# `flatten.levels` takes.
Source = Any
SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".jpe", ".webp", ".bmp", ".dib", ".tif", ".tiff", ".gif", ".heic", ".heif", ".avif"}
    | {".jp2", ".pbm", ".pgm", ".ppm", ".pdf"}
)
# Pillow warns above this, so no picture that is accepted makes it warn.
MAX_PIXELS = 89_000_000
MAX_BYTES = 400_000_000
# Listed, so that Pillow tries no other of its formats: EPS starts Ghostscript.
_QUICK_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "PPM")
_FORMATS = (*_QUICK_FORMATS, "TIFF", "WEBP", "DIB", "JPEG2000", "AVIF")
_HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")
_ORIENTATION = 0x0112  # EXIF's tag


@dataclass(frozen=True)
class Page:
    """One upright picture: `pixels` uint8 (height, width) grey or (height, width, 3) RGB; `number` counts from 0."""

    name: str
    number: int
    pixels: NDArray[np.uint8]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]


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
    """The pages of `source`, decoded lazily: one, or every frame of a TIFF or page of a PDF.

    Raises `PictureError`, which names the picture, when it is missing, not a picture, truncated, animated, larger than
    `MAX_PIXELS` or without pixels, has more than `max_pages` pages, or is a PDF or HEIC whose extra is not installed.
    """
    name = name or name_of(source)
    if isinstance(source, np.ndarray):
        yield Page(name, 0, _from_array(source, name))
    elif isinstance(source, bytes | bytearray | memoryview):
        if len(source) > MAX_BYTES:
            raise PictureError(f"{name}: more than the {MAX_BYTES:,} bytes that are read")
        yield from _from_file(io.BytesIO(source), name, max_pages)
    elif isinstance(source, str | Path):
        with _opened(Path(source), name) as file:
            yield from _from_file(file, name, max_pages)
    else:
        yield from _from_image(source, name, max_pages)


def _from_array(array: NDArray[Any], name: str) -> NDArray[np.uint8]:
    channels = array.shape[2] if array.ndim == 3 else 1
    if array.dtype.kind not in "buif" or array.ndim not in {2, 3} or channels not in {1, 3, 4} or array.size == 0:
        raise PictureError(
            f"{name}: expected a picture as uint8 or other numbers, (height, width), (height, width, 3) or (height, "
            f"width, 4), got {array.dtype} {array.shape}"
        )
    _check_pixels(array.shape[1], array.shape[0], name)
    pixels = flatten.levels(array, name)
    if channels == 4:
        return flatten.on_paper(pixels)
    return np.ascontiguousarray(pixels[:, :, 0] if channels == 1 and pixels.ndim == 3 else pixels)


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


def _from_file(file: Any, name: str, max_pages: int | None) -> Iterator[Page]:
    head = file.read(1024)
    file.seek(0)
    if not head:
        raise PictureError(f"{name}: empty, expected a picture")
    is_png = head.startswith(SIGNATURE)
    pixels = decode_plain_png(file.read(MAX_PLAIN_BYTES + 1)) if is_png else None
    file.seek(0)
    if pixels is not None:
        yield Page(name, 0, pixels)
    elif b"%PDF-" in head and not is_png:
        for number, drawn in enumerate(pdf_pages(file.read(), name, max_pages)):
            yield Page(name, number, drawn)
    elif head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS:
        yield from _from_image(_heif(file, name), name, max_pages)
    else:
        yield from _from_image(_pillow(file, name), name, max_pages)


def _pillow(file: Any, name: str) -> Image.Image:
    from PIL import Image, UnidentifiedImageError

    with _pillow_errors(name):
        try:
            return Image.open(file, formats=_QUICK_FORMATS)
        except UnidentifiedImageError:
            # The other formats of Pillow depend on how it was built.
            Image.init()
        try:
            return Image.open(file, formats=[form for form in _FORMATS if form in Image.OPEN])
        except UnidentifiedImageError as error:
            raise PictureError(
                f"{name}: not a picture, or of an unsupported format: expected PNG, JPEG, WebP, BMP, TIFF, GIF, "
                "HEIC or PDF"
            ) from error


@contextlib.contextmanager
def _pillow_errors(name: str) -> Iterator[None]:
    """Turn whatever Pillow and its codecs raise for damaged bytes into a `PictureError`."""
    from PIL import Image

    try:
        yield
    except PictureError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureError(f"{name}: refused, it claims more than {MAX_PIXELS // 10**6} megapixels") from error
    except MemoryError as error:
        raise PictureError(f"{name}: not enough memory to decode it") from error
    except OSError as error:
        raise PictureError(f"{name}: truncated or damaged: {_in_a_line(error)}") from error
    except Exception as error:  # Pillow's parsers raise exceptions of any kind
        raise PictureError(f"{name}: damaged: {type(error).__name__}: {_in_a_line(error)}") from error


def _in_a_line(error: Exception) -> str:
    return " ".join(str(error).split())


def _from_image(image: Image.Image, name: str, max_pages: int | None) -> Iterator[Page]:
    if not hasattr(image, "getbands"):
        raise PictureError(
            f"{name}: expected a path, a file's bytes, a PIL image or an array, got {type(image).__name__}"
        )
    frames = _frames(image, name)
    if max_pages is not None and frames > max_pages:
        raise PictureError(f"{name}: {frames} pages, expected at most {max_pages}: split it into several files")
    for number in range(frames):
        with _pillow_errors(name):
            if frames > 1:
                image.seek(number)
            pixels = _upright(image, name)
        yield Page(name, number, pixels)


def _frames(image: Image.Image, name: str) -> int:
    _check_pixels(*image.size, name)
    with _pillow_errors(name):
        frames = int(getattr(image, "n_frames", 1))
    # An MPO of a phone holds the same view twice.
    if frames == 1 or image.format in {"MPO", "AVIF"}:
        return 1
    if image.format != "TIFF":
        raise PictureError(
            f"{name}: animated, {frames} frames: expected one picture: save one frame as a file of its own"
        )
    return frames


def _check_pixels(width: int, height: int, name: str) -> None:
    if width * height > MAX_PIXELS:
        raise PictureError(
            f"{name}: refused, {width} x {height} is more than {MAX_PIXELS // 10**6} megapixels: make it smaller"
        )
    if width == 0 or height == 0:
        raise PictureError(f"{name}: {width} x {height}, a picture without pixels")


def _upright(image: Image.Image, name: str) -> NDArray[np.uint8]:
    from PIL import ImageOps

    _check_pixels(*image.size, name)
    image.load()
    upright = ImageOps.exif_transpose(image) if image.getexif().get(_ORIENTATION, 1) != 1 else image
    if upright.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in upright.info:
        return flatten.on_paper(np.asarray(upright.convert("RGBA")))
    if upright.mode.startswith("I") or upright.mode == "F":
        return flatten.eight_bits(np.asarray(upright))
    plain = "L" if upright.mode in {"1", "L"} else "RGB"
    return np.asarray(upright if upright.mode == plain else upright.convert(plain))


def _heif(file: Any, name: str) -> Image.Image:
    try:
        import pillow_heif
    except ImportError as error:
        raise PictureError(
            f"{name}: HEIC needs pillow-heif, which is not installed: pip install 'inkdigits[heic]'"
        ) from error
    with _pillow_errors(name):
        heif = pillow_heif.open_heif(file)
        width, height = heif.size
        _check_pixels(width, height, name)
        image: Image.Image = heif.to_pillow()
        return image

"""The pixels of picture files by Pillow, pillow-heif and PDFium: what a decoding process runs.

Sizes are read from a file's header, so a small file that claims a billion pixels is refused before it is decoded.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import PictureCostError, PictureError, one_line
from inkdigits.images import flatten
from inkdigits.images.pdf import pdf_pages
from inkdigits.images.png import SIGNATURE, has_more_chunks

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["FORMAT_NAMES", "MAX_PIXELS", "DecodedPage", "check_pixels", "file_pages", "image_pages", "small_picture"]

# A page's pixels, uint8 (height, width) grey or (height, width, 3) RGB, and whether it is the last one of its file.
DecodedPage = tuple[NDArray[np.uint8], bool]
# Pillow warns above this, so no picture that is accepted makes it warn.
MAX_PIXELS = 89_000_000
_SMALL_PIXELS = 4_000_000
_SMALL_BYTES = 16 * 2**20
# A progressive JPEG refines all of its pixels in each scan. Cameras and encoders write about ten scans.
_MAX_SCANS = 100
# Encoders write pixels in chunks of 8 KiB or more.
_MAX_CHUNKS = 5000
_START_OF_SCAN = b"\xff\xda"
# Listed, so that Pillow tries no other of its formats: EPS starts Ghostscript.
_QUICK_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "PPM")
_FORMATS = (*_QUICK_FORMATS, "TIFF", "WEBP", "DIB", "JPEG2000", "AVIF")
# The names of all formats that are read, for people.
FORMAT_NAMES = "PNG, JPEG, WebP, BMP, TIFF, GIF, PBM, PGM, PPM, JPEG 2000, AVIF, HEIC or PDF"
_HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")
# Formats that hold one view several times: the MPO of a phone.
_ONE_VIEW = ("MPO",)
_ORIENTATION = 0x0112  # EXIF's tag
_MAX_FRAMES = 1000  # of an animation, which a small file can have millions of
_BAND = 1_000_000  # pixels that are copied from Pillow at a time


def small_picture(file: Any, name: str) -> Image.Image | None:
    """The opened image of a PNG, JPEG or WebP of one frame, at most 4 megapixels and 16 MiB; None for any other file.

    Raises `PictureError` for such a file whose header is damaged.
    """
    from PIL import Image, UnidentifiedImageError

    form = _form_of(file.read(16))
    file.seek(0)
    if form is None or _may_take_long(file, form):
        return None
    with _pillow_errors(name):
        try:
            image = Image.open(file, formats=[form])
        except UnidentifiedImageError as error:
            raise OSError("its header cannot be read") from error
        one_frame = image.format in _ONE_VIEW or getattr(image, "n_frames", 1) == 1
    return image if one_frame and image.size[0] * image.size[1] <= _SMALL_PIXELS else None


def _form_of(head: bytes) -> str | None:
    if head.startswith(SIGNATURE):
        return "PNG"
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    return "WEBP" if head[:4] == b"RIFF" and head[8:12] == b"WEBP" else None


def _may_take_long(file: Any, form: str) -> bool:
    """Whether decoding may take long even for few pixels: by bytes, by a JPEG's scans, or by a PNG's chunks."""
    content = file.read(_SMALL_BYTES + 1)
    file.seek(0)
    if form == "PNG" and has_more_chunks(content, _MAX_CHUNKS):
        return True
    return len(content) > _SMALL_BYTES or (form == "JPEG" and content.count(_START_OF_SCAN) > _MAX_SCANS)


def file_pages(file: Any, name: str, max_pages: int | None, first: int = 0) -> Iterator[DecodedPage]:
    """The pages of an open file from page `first`, counted from 0, decoded lazily.

    Raises `PictureError`, which begins with `name`; `PictureCostError` when memory runs out.
    """
    head = file.read(1024)
    file.seek(0)
    if b"%PDF-" in head and not head.startswith(SIGNATURE):
        yield from pdf_pages(file.read(), name, max_pages, first)
    elif head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS:
        yield from image_pages(_heif(file, name), name, max_pages, first)
    else:
        yield from image_pages(_pillow(file, name), name, max_pages, first)


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
                f"{name}: not a picture, or of an unsupported format: expected {FORMAT_NAMES}"
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
        raise PictureCostError(f"{name}: not enough memory to decode it") from error
    except OSError as error:
        raise PictureError(f"{name}: truncated or damaged: {one_line(error)}") from error
    except Exception as error:  # Pillow's parsers raise exceptions of any kind
        raise PictureError(f"{name}: damaged: {type(error).__name__}: {one_line(error)}") from error


def image_pages(image: Image.Image, name: str, max_pages: int | None, first: int = 0) -> Iterator[DecodedPage]:
    """The frames of an image from frame `first`, one of most images. Raises `PictureError`."""
    frames = _frames(image, name)
    if max_pages is not None and frames > max_pages:
        raise PictureError(f"{name}: {frames} pages, expected at most {max_pages}: split it into several files")
    for number in range(first, frames):
        with _pillow_errors(name):
            if frames > 1:
                image.seek(number)
            pixels = _upright(image, name)
        yield pixels, number == frames - 1


def _frames(image: Image.Image, name: str) -> int:
    check_pixels(*image.size, name)
    if image.format in _ONE_VIEW:
        return 1
    with _pillow_errors(name):
        frames = int(getattr(image, "n_frames", 1))
    if frames > _MAX_FRAMES and image.format != "TIFF":
        raise PictureError(
            f"{name}: an animation of {frames:,} frames, expected at most {_MAX_FRAMES:,}: save "
            "some of them as files of their own"
        )
    return frames


def check_pixels(width: int, height: int, name: str) -> None:
    """Raise `PictureError` for a picture without pixels, or of more than `MAX_PIXELS`."""
    if width * height > MAX_PIXELS:
        raise PictureError(
            f"{name}: refused, {width} x {height} is more than {MAX_PIXELS // 10**6} megapixels: make it smaller"
        )
    if width == 0 or height == 0:
        raise PictureError(f"{name}: {width} x {height}, a picture without pixels")


def _upright(image: Image.Image, name: str) -> NDArray[np.uint8]:
    from PIL import ImageOps

    check_pixels(*image.size, name)
    image.load()
    upright = ImageOps.exif_transpose(image) if image.getexif().get(_ORIENTATION, 1) != 1 else image
    if upright.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in upright.info:
        return flatten.on_paper(_array(upright.convert("RGBA")))
    if upright.mode.startswith("I") or upright.mode == "F":
        return flatten.eight_bits(_array(upright))
    plain = "L" if upright.mode in {"1", "L"} else "RGB"
    return _array(upright if upright.mode == plain else upright.convert(plain))


def _array(image: Image.Image) -> NDArray[np.uint8]:
    """The pixels of `image`; of a large one in bands, since NumPy's own way holds them three times."""
    width, height = image.size
    rows = max(1, _BAND // width)
    if rows >= height:
        return np.asarray(image)
    first = np.asarray(image.crop((0, 0, width, rows)))
    pixels = np.empty((height, *first.shape[1:]), first.dtype)
    for top in range(0, height, rows):
        pixels[top : top + rows] = np.asarray(image.crop((0, top, width, min(height, top + rows))))
    return pixels


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
        check_pixels(width, height, name)
        image: Image.Image = heif.to_pillow()
        return image

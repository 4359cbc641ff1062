"""Render the pages of a PDF with PDFium, which is not thread-safe: it runs in decoding processes only."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import PictureCostError, PictureError, one_line

__all__ = ["pdf_pages"]

_DOTS_PER_INCH = 200
_MAX_PIXELS = 25_000_000


def pdf_pages(
    content: bytes, name: str, max_pages: int | None = None, first: int = 0
) -> Iterator[tuple[NDArray[np.uint8], bool]]:
    """Pixels from page `first` on, uint8 (height, width, 3) RGB at 200 dots per inch, and whether it is the last page.

    Raises `PictureError` with `name` in it without the extra `pdf`, for a document or page that is damaged or protected
    by a password, and for more than `max_pages` pages; `PictureCostError` when memory runs out.
    """
    with contextlib.closing(_opened(content, name)) as document:
        with _pdfium(f"{name}: damaged PDF"):
            pages = len(document)
        if not pages:
            raise PictureError(f"{name}: a PDF without pages")
        if max_pages is not None and pages > max_pages:
            raise PictureError(f"{name}: {pages} pages, expected at most {max_pages}: split it into several files")
        for number in range(first, pages):
            with _pdfium(f"{name}: page {number + 1} is damaged"), contextlib.closing(document[number]) as page:
                pixels = _pixels(page)
            yield pixels, number == pages - 1


def _opened(content: bytes, name: str) -> Any:
    try:
        import pypdfium2
    except ImportError as error:
        raise PictureError(
            f"{name}: a PDF needs pypdfium2, which is not installed: pip install 'inkdigits[pdf]'"
        ) from error
    with _pdfium(f"{name}: damaged PDF, or one with a password"):
        return pypdfium2.PdfDocument(content)


@contextlib.contextmanager
def _pdfium(wrong: str) -> Iterator[None]:
    """PDFium's errors become a `PictureError` that begins with `wrong`."""
    try:
        yield
    except MemoryError as error:
        raise PictureCostError(f"{wrong}, or too large for the memory that is left") from error
    except Exception as error:  # PdfiumError for most damage, others for absurd sizes
        raise PictureError(f"{wrong}: {one_line(error)}") from error


def _pixels(page: Any) -> NDArray[np.uint8]:
    width, height = page.get_width(), page.get_height()
    if not 0 < width * height < float("inf"):
        raise ValueError("a page without area")
    # A side has at least one pixel, so for extremely narrow pages the long side alone limits the scale.
    scale = min(_DOTS_PER_INCH / 72, (_MAX_PIXELS / (width * height)) ** 0.5, _MAX_PIXELS / max(width, height))
    with contextlib.closing(page.render(scale=scale, rev_byteorder=True)) as bitmap:
        return np.array(bitmap.to_numpy()[:, :, :3])

"""Many pictures into readings: a picture that cannot be read becomes a reading with an error, the others are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from inkdigits.errors import PictureError
from inkdigits.images import decode
from inkdigits.images.decode import Page
from inkdigits.reading.reading import Reading

if TYPE_CHECKING:
    from inkdigits.reading.reader import Reader, ReadingSteps, Region

__all__ = ["PageResult", "read_pages"]

# Decoded pages of more pixels than this do not wait for others.
_MAX_WAITING_PIXELS = 4_000_000


@dataclass(frozen=True)
class PageResult:
    """What became of one page; `source` is the place of its file among the sources, counted from 0.

    A page that cannot be read has a `reading` with the outcome `error`, and `steps` is None. `defect` is the exception
    that the reader raised where the picture is not at fault.
    """

    source: int
    reading: Reading
    steps: ReadingSteps | None = None
    defect: Exception | None = None


def read_pages(
    reader: Reader,
    sources: Iterable[tuple[str, decode.Source | PictureError]],
    *,
    region: Region | None = None,
    length: int | None = None,
    together: int = 1,
    max_pages: int | None = None,
) -> Iterator[PageResult]:
    """The result of every page of `sources`, pairs of a name and a picture, or of a name and what is wrong with it.

    Results come in the order of the sources and their pages. Up to `together` pages share one call of the network. A
    page that cannot be decoded ends its file, also one of more than `max_pages` pages. Nothing is raised for a picture;
    what iterating `sources` raises is passed on.
    """
    waiting: list[tuple[int, Page | PageResult]] = []
    pixels = 0
    for number, (name, content) in enumerate(sources):
        for page in _decoded(number, name, content, max_pages):
            waiting.append((number, page))
            pixels += page.pixels.size if isinstance(page, Page) else 0
            if len(waiting) >= together or pixels > _MAX_WAITING_PIXELS:
                yield from _read(reader, waiting, region, length)
                waiting, pixels = [], 0
    yield from _read(reader, waiting, region, length)


def _decoded(
    number: int, name: str, content: decode.Source | PictureError, max_pages: int | None
) -> Iterator[Page | PageResult]:
    count = 0
    try:
        if isinstance(content, PictureError):
            raise content
        for page in decode.open_pages(content, name, max_pages):
            yield page
            count += 1
    except Exception as error:
        yield _failed(error, number, Reading(name, "error", "", None, (), count + 1))


def _read(
    reader: Reader, waiting: Sequence[tuple[int, Page | PageResult]], region: Region | None, length: int | None
) -> Iterator[PageResult]:
    pages = [(number, page) for number, page in waiting if isinstance(page, Page)]
    read = iter(_read_together(reader, pages, region, length))
    for _, page in waiting:
        yield next(read) if isinstance(page, Page) else page


def _read_together(
    reader: Reader, pages: Sequence[tuple[int, Page]], region: Region | None, length: int | None
) -> Iterable[PageResult]:
    try:
        steps = reader.read_pages_together([page for _, page in pages], region=region, length=length)
    except Exception:
        # One page raised it; reading them one by one shows which.
        return (_read_alone(reader, number, page, region, length) for number, page in pages)
    return [PageResult(number, one.reading, one) for (number, _), one in zip(pages, steps, strict=True)]


def _read_alone(reader: Reader, number: int, page: Page, region: Region | None, length: int | None) -> PageResult:
    try:
        steps = reader.read_page(page, region=region, length=length)
    except Exception as error:
        return _failed(error, number, Reading(page.name, "error", "", None, (), page.number + 1, page.size))
    return PageResult(number, steps.reading, steps)


def _failed(error: Exception, number: int, reading: Reading) -> PageResult:
    """`reading` with the message of `error`; whatever is no `PictureError` is a defect of the reader."""
    if isinstance(error, PictureError):
        return PageResult(number, replace(reading, error=str(error)))
    message = f"{reading.path}: the reader failed: {type(error).__name__}: {' '.join(str(error).split())}"
    return PageResult(number, replace(reading, error=message), defect=error)

"""The queues of pictures to read, and how their threads read those that arrived together."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from inkdigits.errors import PictureError
from inkdigits.images.decode import decoded_here, is_decoded_here
from inkdigits.images.page import Page
from inkdigits.images.png import is_animated_png, png_size
from inkdigits.modelfile.predictor import Predictor
from inkdigits.reading.finder import Finder
from inkdigits.reading.many import read_pages
from inkdigits.reading.reader import Reader, Region
from inkdigits.reading.reading import Reading
from inkdigits.serving.batcher import Batcher
from inkdigits.serving.file_decoder import FileDecoder
from inkdigits.serving.responses import busy
from inkdigits.serving.settings import ServerLimits

__all__ = ["Picture", "PictureBatchers"]

# A PNG up to this size is read in some ten milliseconds; everything else has a queue of its own.
_SMALL_PIXELS = 1_000_000
# What a small PNG may hold besides its pixels: a million chunks of text take seconds to skip.
_MAX_OTHER_BYTES = 65_536
# The name of a picture in messages; the client's own may be empty.
_BYTES = "<bytes>"


@dataclass(frozen=True)
class Picture:
    """A file to read, its name in the response, and the region and length of its pages where they are known."""

    name: str
    content: bytes
    region: Region | None = None
    length: int | None = None

    @property
    def small_pixels(self) -> int | None:
        """The pixels that its PNG header declares; None for a large picture or file, an animation and other formats.

        The decoder detects a false header.
        """
        size = None if is_animated_png(self.content) else png_size(self.content)
        if size is None or size[0] * size[1] > _SMALL_PIXELS:
            return None
        return size[0] * size[1] if len(self.content) <= _MAX_OTHER_BYTES + 8 * size[0] * size[1] else None


class PictureBatchers:
    """Two queues, so that small drawings need not wait for photos, and the processes that decode other files."""

    def __init__(self, predictor: Predictor, limits: ServerLimits) -> None:
        reader = Reader(predictor, Finder.load(threads=1))
        self._limits = limits
        self._max_batch = limits.read_batch
        limits = replace(limits, batch=self._max_batch)
        self._small: Batcher[Picture, Reading] = Batcher("read", lambda batch: _read_small(reader, batch), limits)
        self._large: Batcher[_LargePicture, Reading] = Batcher(
            "read-large", lambda batch: [_read_one(reader, picture) for picture in batch], limits
        )
        self._decoder = FileDecoder(limits)

    async def read(self, picture: Picture) -> list[Reading]:
        """A reading of each page of `picture`, with the outcome `error` where it cannot be read.

        Raises as `Batcher.submit` does.
        """
        pixels = picture.small_pixels
        if pixels is not None:
            # By size, so that every batch takes about as long.
            weight = max(1, self._max_batch * pixels // _SMALL_PIXELS)
            return [await self._small.submit(picture, weight=weight)]
        if await asyncio.to_thread(is_decoded_here, picture.content):
            return [await self._read_large(picture)]
        try:
            async with asyncio.timeout(self._limits.answer_seconds):
                return await self._read_pages(picture)
        except TimeoutError as error:
            raise busy("the answer took too long") from error

    async def _read_pages(self, picture: Picture) -> list[Reading]:
        """A reading a page, in order; the first page that cannot be decoded ends them."""
        readings: list[Reading] = []
        try:
            async with aclosing(self._decoder.pages(picture.content, _BYTES)) as pages:
                async for page in pages:
                    reading = await self._read_large(picture, page)
                    readings.append(reading)
        except PictureError as error:
            failed = Reading(picture.name, "error", "", str(error), (), len(readings))
            readings.append(_named(failed, picture))
        return readings

    async def _read_large(self, picture: Picture, page: Page | None = None) -> Reading:
        return await self._large.submit(_LargePicture(picture, page), weight=self._max_batch)  # alone in its batch

    def close(self) -> None:
        """Stop the threads and the decoding processes."""
        self._small.close()
        self._large.close()
        self._decoder.close()


@dataclass(frozen=True)
class _LargePicture:
    """A picture and one of its pages; without a page, its file is still to be decoded."""

    picture: Picture
    page: Page | None


def _read_small(reader: Reader, batch: Sequence[Picture]) -> list[Reading | Exception]:
    """The result of each picture, all of one page; they share one call of the network."""
    results: dict[int, Reading | Exception] = {}
    groups: dict[tuple[Region | None, int | None], list[int]] = defaultdict(list)
    for place, picture in enumerate(batch):
        groups[picture.region, picture.length].append(place)
    for (region, length), places in groups.items():
        sources = [(_BYTES, _decoded(batch[place])) for place in places]
        for result in read_pages(reader, sources, region=region, length=length, together=len(sources)):
            place = places[result.source]
            results[place] = result.defect or _named(result.reading, batch[place])
    return [results[place] for place in range(len(batch))]


def _read_one(reader: Reader, large: _LargePicture) -> Reading | Exception:
    picture = large.picture
    source = _BYTES, large.page or _decoded(picture)
    (result,) = read_pages(reader, [source], region=picture.region, length=picture.length)
    return result.defect or _named(result.reading, picture)


def _decoded(picture: Picture) -> Page | PictureError:
    """The one page of a small picture, or what is wrong with it."""
    try:
        page = decoded_here(picture.content, _BYTES)
    except PictureError as error:
        return error
    return page or PictureError(f"{_BYTES}: refused, its header names two sizes")


def _named(reading: Reading, picture: Picture) -> Reading:
    """`reading` under the name that the client gave, which may be empty."""
    error = reading.error and reading.error.removeprefix(f"{_BYTES}: ")
    return replace(reading, path=picture.name, error=error)

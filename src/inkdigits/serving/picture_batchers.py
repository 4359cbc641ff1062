"""The queues of pictures to read, and how their threads read those that arrived together."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from inkdigits.images.png import png_size
from inkdigits.modelfile.predictor import Predictor
from inkdigits.reading.finder import Finder
from inkdigits.reading.many import read_pages
from inkdigits.reading.reader import Reader, Region
from inkdigits.reading.reading import Reading
from inkdigits.serving.batcher import Batcher
from inkdigits.serving.responses import busy
from inkdigits.serving.settings import ServerLimits

__all__ = ["Picture", "PictureBatchers"]

# A PNG up to this size is read in some ten milliseconds; everything else has a queue of its own.
_SMALL_PIXELS = 1_000_000
# The name of a picture in messages; the client's own may be empty.
_BYTES = "<bytes>"
# The reading of each page of a file, or why there is none.
FileResult = list[Reading] | Exception


@dataclass(frozen=True)
class Picture:
    """A file to read, its name in the response, and the region and length of its pages where they are known."""

    name: str
    content: bytes
    region: Region | None = None
    length: int | None = None

    @property
    def small_pixels(self) -> int | None:
        """The pixels that its PNG header declares; None for a large picture. The decoder detects a false header."""
        size = png_size(self.content)
        return size[0] * size[1] if size and size[0] * size[1] <= _SMALL_PIXELS else None


class PictureBatchers:
    """Two queues, so that small drawings need not wait for photos of twelve megapixels."""

    def __init__(self, predictor: Predictor, limits: ServerLimits) -> None:
        reader = Reader(predictor, Finder.load(threads=1))
        self._max_batch = limits.read_batch
        limits = replace(limits, batch=self._max_batch)
        self._small: Batcher[Picture, list[Reading]] = Batcher("read", lambda batch: _read_small(reader, batch), limits)
        self._large: Batcher[Picture, list[Reading]] = Batcher(
            "read-large", lambda batch: [_read_pages(reader, picture, limits) for picture in batch], limits
        )

    async def read(self, picture: Picture) -> list[Reading]:
        """A reading of each page of `picture`, with the outcome `error` where it cannot be read.

        Raises as `Batcher.submit` does.
        """
        pixels = picture.small_pixels
        if pixels is None:
            return await self._large.submit(picture, weight=self._max_batch)  # alone in its batch
        # By size, so that every batch takes about as long.
        return await self._small.submit(picture, weight=max(1, self._max_batch * pixels // _SMALL_PIXELS))

    def close(self) -> None:
        """Stop the threads."""
        self._small.close()
        self._large.close()


def _read_small(reader: Reader, batch: Sequence[Picture]) -> list[FileResult]:
    """The result of each picture, all of one page; they share one call of the network."""
    results: dict[int, FileResult] = {}
    groups: dict[tuple[Region | None, int | None], list[int]] = defaultdict(list)
    for place, picture in enumerate(batch):
        groups[picture.region, picture.length].append(place)
    for (region, length), places in groups.items():
        sources = [(_BYTES, batch[place].content) for place in places]
        for result in read_pages(reader, sources, region=region, length=length, together=len(sources)):
            place = places[result.source]
            results[place] = result.defect or [_named(result.reading, batch[place])]
    return [results[place] for place in range(len(batch))]


def _read_pages(reader: Reader, picture: Picture, limits: ServerLimits) -> FileResult:
    """A reading a page, in order; the first page that cannot be decoded ends them."""
    until = time.monotonic() + limits.answer_seconds
    readings: list[Reading] = []
    source = _BYTES, picture.content
    for result in read_pages(reader, [source], region=picture.region, length=picture.length, max_pages=limits.pages):
        if result.defect:
            return result.defect
        readings.append(_named(result.reading, picture))
        if time.monotonic() > until:
            return busy("the answer took too long")  # the client has its 503 already
    return readings


def _named(reading: Reading, picture: Picture) -> Reading:
    """`reading` under the name that the client gave, which may be empty."""
    error = reading.error and reading.error.removeprefix(f"{_BYTES}: ")
    return replace(reading, path=picture.name, error=error)

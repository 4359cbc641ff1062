"""The queues in which pictures wait to be read, and what their threads do with those that arrived together."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from inkdigits.images.png import png_size
from inkdigits.modelfile.predictor import Predictor
from inkdigits.reading.many import read_pages
from inkdigits.reading.reader import Reader, Region
from inkdigits.reading.reading import Reading
from inkdigits.serving.batcher import Batcher
from inkdigits.serving.problems import busy
from inkdigits.serving.settings import ServerLimits

__all__ = ["Picture", "PictureBatchers"]

# A PNG of so many pixels is read in some ten milliseconds; everything else waits in a queue of its own.
_SMALL_PIXELS = 1_000_000
# What messages call a picture; the client's own name for it may be empty.
_BYTES = "<bytes>"
# A file's pages, each a reading, or what kept them from being read.
Answer = list[Reading] | Exception


@dataclass(frozen=True)
class Picture:
    """A file to read, its name in the answer, and what is known about each of its pages."""

    name: str
    content: bytes
    region: Region | None = None
    length: int | None = None

    @property
    def small_pixels(self) -> int | None:
        """How many its PNG head promises; None for a large picture. A head that lies is found out by the decoder."""
        size = png_size(self.content)
        return size[0] * size[1] if size and size[0] * size[1] <= _SMALL_PIXELS else None


class PictureBatchers:
    """Two queues, so that a photo of twelve megapixels keeps no drawing waiting."""

    def __init__(self, predictor: Predictor, limits: ServerLimits) -> None:
        reader = Reader(predictor)
        self._most = limits.read_batch
        limits = replace(limits, batch=self._most)
        self._small: Batcher[Picture, list[Reading]] = Batcher("read", lambda batch: _read_small(reader, batch), limits)
        self._large: Batcher[Picture, list[Reading]] = Batcher(
            "read-large", lambda batch: [_read_pages(reader, picture, limits) for picture in batch], limits
        )

    async def read(self, picture: Picture) -> list[Reading]:
        """The readings of `picture`'s pages; what cannot be read has the outcome `error`. Raises as `Batcher.submit` does."""
        pixels = picture.small_pixels
        if pixels is None:
            return await self._large.submit(picture, weight=self._most)  # alone in its batch
        # Large ones fill a batch sooner, so that every batch takes about as long.
        return await self._small.submit(picture, weight=max(1, self._most * pixels // _SMALL_PIXELS))

    def close(self) -> None:
        """Let the threads go."""
        self._small.close()
        self._large.close()


def _read_small(reader: Reader, batch: Sequence[Picture]) -> list[Answer]:
    """The answer for each picture, which has one page; the network sees all of them at once."""
    answers: dict[int, Answer] = {}
    alike: dict[tuple[Region | None, int | None], list[int]] = defaultdict(list)
    for place, picture in enumerate(batch):
        alike[picture.region, picture.length].append(place)
    for (region, length), places in alike.items():
        sources = [(_BYTES, batch[place].content) for place in places]
        for result in read_pages(reader, sources, region=region, length=length, together=len(sources)):
            place = places[result.source]
            answers[place] = result.defect or [_named(result.reading, batch[place])]
    return [answers[place] for place in range(len(batch))]


def _read_pages(reader: Reader, picture: Picture, limits: ServerLimits) -> Answer:
    """A reading a page, in order; the first page that cannot be decoded ends them."""
    until = time.monotonic() + limits.answer_seconds
    readings: list[Reading] = []
    source = _BYTES, picture.content
    for result in read_pages(reader, [source], region=picture.region, length=picture.length, max_pages=limits.pages):
        if result.defect:
            return result.defect
        readings.append(_named(result.reading, picture))
        if time.monotonic() > until:
            return busy("the answer took too long")  # nobody waits for it any more
    return readings


def _named(reading: Reading, picture: Picture) -> Reading:
    """`reading` by the name that the client gave, which may be none."""
    error = reading.error and reading.error.removeprefix(f"{_BYTES}: ")
    return replace(reading, path=picture.name, error=error)

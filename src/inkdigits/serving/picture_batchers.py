"""The queues in which pictures wait to be read, and what their threads do with those that arrived together."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from inkdigits.errors import DataError
from inkdigits.images.decode import Page, open_pages
from inkdigits.modelfile.predictor import Predictor
from inkdigits.reading.reader import Reader, Region
from inkdigits.reading.reading import Reading
from inkdigits.serving.batcher import Batcher
from inkdigits.serving.problems import busy
from inkdigits.serving.settings import ServerLimits

__all__ = ["Picture", "PictureBatchers"]

# A PNG of so many pixels is read in some ten milliseconds; everything else waits in a queue of its own.
_SMALL_PIXELS = 1_000_000
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
        if not self.content.startswith(b"\x89PNG\r\n\x1a\n") or self.content[12:16] != b"IHDR":
            return None
        width, height = (int.from_bytes(self.content[start : start + 4]) for start in (16, 20))
        return width * height if width * height <= _SMALL_PIXELS else None


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
    alike: dict[tuple[Region | None, int | None], list[tuple[int, Page]]] = defaultdict(list)
    for place, picture in enumerate(batch):
        try:
            page = next(open_pages(picture.content))
            alike[picture.region, picture.length].append((place, page))
        except DataError as error:
            answers[place] = [_unread(picture, error)]
        except Exception as error:
            answers[place] = error
    for (region, length), pages in alike.items():
        try:
            seen = reader.see_together([page for _, page in pages], region=region, length=length)
            for (place, _), one in zip(pages, seen, strict=True):
                answers[place] = [replace(one.reading, path=batch[place].name)]
        except Exception:  # one of them; which one, and why, comes out one by one
            answers.update({place: _read_alone(reader, batch[place], page) for place, page in pages})
    return [answers[place] for place in range(len(batch))]


def _read_alone(reader: Reader, picture: Picture, page: Page) -> Answer:
    try:
        return [_read(reader, picture, page)]
    except DataError as error:
        return [_unread(picture, error)]
    except Exception as error:  # a defect, which is that client's alone
        return error


def _read_pages(reader: Reader, picture: Picture, limits: ServerLimits) -> Answer:
    """A reading a page, in order; the first page that cannot be read ends them."""
    until = time.monotonic() + limits.answer_seconds
    readings: list[Reading] = []
    try:
        for page in open_pages(picture.content, most_pages=limits.pages):
            readings.append(_read(reader, picture, page))
            if time.monotonic() > until:
                return busy("the answer took too long")  # nobody waits for it any more
    except DataError as error:
        readings.append(_unread(picture, error, len(readings)))
    except Exception as error:  # a defect must not end the other pictures of its batch
        return error
    return readings


def _read(reader: Reader, picture: Picture, page: Page) -> Reading:
    reading = reader.see(page, region=picture.region, length=picture.length).reading
    return replace(reading, path=picture.name)


def _unread(picture: Picture, error: DataError, page: int = 0) -> Reading:
    # Without the name that the reader gives to bytes.
    return Reading(picture.name, "error", "", str(error).removeprefix("<bytes>: "), (), page)

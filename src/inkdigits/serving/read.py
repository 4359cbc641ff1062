"""POST /v1/read: pictures as people make them, read by the one `Reader`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from starlette.requests import Request

from inkdigits.errors import DataError, RequestError
from inkdigits.modelfile.predictor import Predictor
from inkdigits.reading.reader import Reader
from inkdigits.reading.reading import Reading
from inkdigits.serving.batching import Lane
from inkdigits.serving.metrics import OUTCOMES
from inkdigits.serving.multipart import Part, parse_parts
from inkdigits.serving.settings import Limits

__all__ = ["Picture", "ReadLanes", "read_request"]

T = TypeVar("T")
Region = tuple[int, int, int, int]
# A PNG of so many pixels is read in about a millisecond; everything else waits in a queue of its own.
_SMALL_PIXELS = 1_000_000
_MOST_LENGTH = 1_000


@dataclass(frozen=True)
class Picture:
    """A picture to read, its name in the answer, and what is known about it."""

    name: str
    content: bytes
    region: Region | None = None
    length: int | None = None

    @property
    def is_small(self) -> bool:
        """Whether its PNG head promises a small picture; a head that lies is found out when it is decoded."""
        if not self.content.startswith(b"\x89PNG\r\n\x1a\n") or self.content[12:16] != b"IHDR":
            return False
        width, height = (int.from_bytes(self.content[start : start + 4]) for start in (16, 20))
        return width * height <= _SMALL_PIXELS


class ReadLanes:
    """Two queues, so that a photo of twelve megapixels keeps no drawing waiting."""

    def __init__(self, predictor: Predictor, limits: Limits) -> None:
        reader = Reader(predictor)
        self._small: Lane[Picture, Reading] = Lane("read", lambda batch: _read(reader, batch), limits)
        self._large: Lane[Picture, Reading] = Lane("read-large", lambda batch: _read(reader, batch), limits)

    async def ask(self, picture: Picture) -> Reading:
        """The reading of `picture`; one that cannot be read has the outcome `error`."""
        if picture.is_small:
            return await self._small.ask(picture)
        return await self._large.ask(picture, self._large.limits.batch)  # alone in its batch

    def close(self) -> None:
        """Let the threads go."""
        self._small.close()
        self._large.close()


def _read(reader: Reader, batch: Sequence[Picture]) -> list[Reading | Exception]:
    return [_read_one(reader, picture) for picture in batch]


def _read_one(reader: Reader, picture: Picture) -> Reading | Exception:
    try:
        reading = reader.read(picture.content, region=picture.region, length=picture.length)
    except DataError as error:
        return Reading(picture.name, "error", "", _without_type(str(error)), ())
    return Reading(picture.name, reading.outcome, reading.string, None, reading.digits, reading.page, reading.size)


def _without_type(message: str) -> str:
    """The reader's message about bytes, without the name that it gives to bytes."""
    return message.removeprefix("<bytes>: ")


async def read_request(request: Request, lanes: ReadLanes, limits: Limits) -> Any:
    """The answer to a request: a reading for a picture, a list of them for multipart.

    Raises `RequestError`: 415 for another content type, 422 for a picture that cannot be read or a bad region; in a
    list, a picture that cannot be read is told by its outcome.
    """
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    body = await request.body()
    region, length = _region(request.query_params), _length(request.query_params)
    if kind == "multipart/form-data":
        parts = parse_parts(body, request.headers["content-type"], limits.pictures)
        pictures = [Picture(part.filename or part.name, part.content, region, length) for part in _files(parts)]
        readings = await _unless_gone(request, asyncio.gather(*map(lanes.ask, pictures)))
        return [_told(reading) for reading in readings]
    if not (kind.startswith("image/") or kind in ("application/octet-stream", "application/pdf")):
        raise RequestError(
            415, "content-type", "expected a picture as image/… or application/octet-stream, or multipart/form-data"
        )
    picture = Picture("", body, region, length)
    # To watch a client takes longer than to read a small picture.
    reading = await (lanes.ask(picture) if picture.is_small else _unless_gone(request, lanes.ask(picture)))
    if reading.outcome == "error":
        raise RequestError(422, "picture", reading.error or "the picture cannot be read")
    return _told(reading)


async def _unless_gone(request: Request, answer: Awaitable[T]) -> T:
    """What `answer` gives; work that still waits in a queue is dropped when the client goes."""
    asking, leaving = asyncio.ensure_future(answer), asyncio.ensure_future(request.receive())
    try:
        await asyncio.wait({asking, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not asking.done():
            raise RequestError(400, "cut-off", "the client went before it was answered")
        return asking.result()
    finally:
        asking.cancel()
        leaving.cancel()


def _files(parts: Sequence[Part]) -> list[Part]:
    files = [part for part in parts if part.filename is not None]
    if not files:
        raise RequestError(422, "picture", "no picture in the form: expected at least one file")
    return files


def _told(reading: Reading) -> dict[str, Any]:
    OUTCOMES.labels(reading.outcome).inc()
    return reading.to_dict()


def _region(query: Mapping[str, str]) -> Region | None:
    if "region" not in query:
        return None
    sides = query["region"].split(",")
    if len(sides) != 4 or not all(side.isascii() and side.isdecimal() and len(side) < 7 for side in sides):
        raise RequestError(422, "region", "region: expected x,y,width,height in pixels")
    x, y, width, height = map(int, sides)
    return x, y, width, height


def _length(query: Mapping[str, str]) -> int | None:
    if "length" not in query:
        return None
    length = query["length"]
    if not (length.isascii() and length.isdecimal() and len(length) < 5 and 1 <= int(length) <= _MOST_LENGTH):
        raise RequestError(422, "length", f"length: expected how many digits there are, 1 to {_MOST_LENGTH}")
    return int(length)

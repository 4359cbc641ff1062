"""POST /v1/read: pictures as people make them, read by the one `Reader`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, TypeVar

from starlette.requests import Request

from inkdigits.errors import RequestError
from inkdigits.reading.reader import Region
from inkdigits.reading.reading import Reading, ReadingDict
from inkdigits.serving.metrics import OUTCOMES
from inkdigits.serving.multipart import Part, parse_parts
from inkdigits.serving.picture_batchers import Picture, PictureBatchers
from inkdigits.serving.settings import ServerLimits

__all__ = ["read_request"]

T = TypeVar("T")
_MAX_LENGTH = 1_000


async def read_request(request: Request, batchers: PictureBatchers, limits: ServerLimits) -> Any:
    """The answer to a request: a reading for a picture, a list of them for a file of several pages and for multipart.

    Raises `RequestError`: 415 for another content type, 422 for a file that cannot be read or a bad region; in a list,
    a picture or page that cannot be read is told by its outcome.
    """
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    body = await request.body()
    region, length = _region(request.query_params), _length(request.query_params)
    if kind == "multipart/form-data":
        parts = parse_parts(body, request.headers["content-type"], limits.pictures)
        pictures = [Picture(part.filename or part.name, part.content, region, length) for part in _files(parts)]
        files = await _unless_gone(request, asyncio.gather(*map(batchers.read, pictures)))
        return [_told(reading) for readings in files for reading in readings]
    if not (kind.startswith("image/") or kind in ("application/octet-stream", "application/pdf")):
        raise RequestError(
            415, "content-type", "expected a picture as image/… or application/octet-stream, or multipart/form-data"
        )
    picture = Picture("", body, region, length)
    # To watch a client takes longer than to read a small picture.
    small = picture.small_pixels is not None
    readings = await (batchers.read(picture) if small else _unless_gone(request, batchers.read(picture)))
    if len(readings) > 1:
        return [_told(reading) for reading in readings]
    if readings[0].outcome == "error":
        raise RequestError(422, "picture", readings[0].error or "the picture cannot be read")
    return _told(readings[0])


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


def _told(reading: Reading) -> ReadingDict:
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
    if not (length.isascii() and length.isdecimal() and len(length) < 5 and 1 <= int(length) <= _MAX_LENGTH):
        raise RequestError(422, "length", f"length: expected how many digits there are, 1 to {_MAX_LENGTH}")
    return int(length)

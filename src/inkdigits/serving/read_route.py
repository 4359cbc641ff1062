"""POST /v1/read: pictures of any kind and size, read by `Reader`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from inkdigits.errors import RequestError
from inkdigits.reading.reader import Region
from inkdigits.reading.reading import Reading, ReadingDict
from inkdigits.serving.metrics import OUTCOMES, REFUSED
from inkdigits.serving.multipart import form_files
from inkdigits.serving.picture_batchers import Picture, PictureBatchers
from inkdigits.serving.responses import json_response, large_json_response
from inkdigits.serving.schemas import ReadQuery, first_error
from inkdigits.serving.settings import ServerLimits

__all__ = ["read_pictures"]

T = TypeVar("T")
# Parts of messages, and the reasons by which the metrics count them.
_REASONS = (
    ("megapixels", "size"), ("refused", "cost"), ("not enough memory", "cost"), ("pages, expected", "pages"),
    ("not a picture", "format"), ("empty", "format"), ("region", "region"),
)  # fmt: skip
_MANY_DIGITS = 20  # as JSON they take milliseconds, in which the event loop would answer nobody else


async def read_pictures(request: Request, batchers: PictureBatchers, limits: ServerLimits) -> Response:
    """`schemas.Readings` of the request's pictures: one reading a page, in the order of the files and their pages.

    A picture that cannot be read is a reading with the outcome `error`. Raises `RequestError`: 415 for another content
    type than a picture or a form, 400 and 413 for a bad form, 422 for a bad query, 503 when too many requests wait.
    """
    region, length = _region_and_length(request)
    files = await _files(request, limits)
    pictures = [Picture(name, content, region, length) for name, content in files]
    if len(pictures) == 1 and pictures[0].small_pixels is not None:
        # Watching for a disconnect would take longer than reading a small picture.
        pages = [await batchers.read(pictures[0])]
    else:
        pages = await _unless_disconnected(request, asyncio.gather(*map(batchers.read, pictures)))
    readings = [reading for readings in pages for reading in readings]
    if sum(len(reading.digits) for reading in readings) > _MANY_DIGITS:
        return await large_json_response({"readings": await asyncio.to_thread(_counted, readings)})
    return json_response({"readings": _counted(readings)})


async def _files(request: Request, limits: ServerLimits) -> list[tuple[str, bytes]]:
    media_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if media_type == "multipart/form-data":
        return await form_files(request, limits.pictures)
    if media_type.startswith("image/") or media_type in ("application/octet-stream", "application/pdf"):
        return [("", await request.body())]
    raise RequestError(
        415, "content-type", "expected a picture as image/… or application/octet-stream, or multipart/form-data"
    )


def _region_and_length(request: Request) -> tuple[Region | None, int | None]:
    # FastAPI's own query parameters take 50 us a request (docs/log.md, 2026-11-25: the service by Starlette's parts).
    if not request.scope["query_string"]:
        return None, None
    try:
        query = ReadQuery.model_validate(dict(request.query_params))
    except ValidationError as error:
        raise RequestError(422, "invalid", first_error(error, "the query")) from error
    if query.region is None:
        return None, query.length
    x, y, width, height = map(int, query.region.split(","))
    return (x, y, width, height), query.length


async def _unless_disconnected(request: Request, result: Awaitable[T]) -> T:
    """The awaited `result`; pictures that are still queued are dropped when the client disconnects."""
    reading, disconnect = asyncio.ensure_future(result), asyncio.ensure_future(request.receive())
    try:
        await asyncio.wait({reading, disconnect}, return_when=asyncio.FIRST_COMPLETED)
        if not reading.done():
            raise RequestError(400, "cut-off", "the client disconnected before the response")
        return reading.result()
    finally:
        reading.cancel()
        disconnect.cancel()


def _counted(readings: list[Reading]) -> list[ReadingDict]:
    for reading in readings:
        OUTCOMES.labels(reading.outcome).inc()
        if reading.error:
            REFUSED.labels(_reason(reading.error)).inc()
    return [reading.to_dict() for reading in readings]


def _reason(error: str) -> str:
    return next((reason for part, reason in _REASONS if part in error), "damaged")

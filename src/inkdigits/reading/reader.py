"""`Reader`: a picture in, the digits that are written in it out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import PictureError
from inkdigits.images import decode
from inkdigits.modelfile.predictor import DEFAULT_MODEL, Predictor
from inkdigits.reading.components import Piece
from inkdigits.reading.coroutines import Asking, answered, answered_together
from inkdigits.reading.decide import acceptance_threshold, decide
from inkdigits.reading.ink import Ink, likely_sides, working_copy
from inkdigits.reading.many import read_pages
from inkdigits.reading.reading import Box, Digit, DigitOutcome, Reading, ReadingOutcome
from inkdigits.reading.rows import reading_order
from inkdigits.reading.segmentation import Candidate, View, look, with_length
from inkdigits.reading.upscale import Enlarged, enlarged

__all__ = ["Reader", "ReadingSteps", "Region", "read"]

# x, y, width and height in pixels of the upright picture.
Region = tuple[int, int, int, int]


@dataclass(frozen=True)
class ReadingSteps:
    """How a page was seen: its ink, found inside `region` where one was given, and what was read."""

    page: decode.Page
    region: Region | None
    ink: Ink
    reading: Reading


@dataclass(frozen=True)
class Reader:
    """Reads pictures with one loaded network; several threads may use it at the same time."""

    predictor: Predictor

    @classmethod
    def load(cls, model: str | Path | None = None, *, threads: int | None = None) -> Reader:
        """A reader with a shipped model by its name, or a model file; by default the best that is shipped.

        Raises `ModelFileError`.
        """
        return cls(Predictor.load(model or DEFAULT_MODEL, threads=threads))

    def read(self, picture: decode.Source, *, region: Region | None = None, length: int | None = None) -> Reading:
        """Read one picture: a path, a file's bytes, a PIL image or an array; of several pages, the first.

        `region` (x, y, width, height in pixels of the upright picture) is all that is looked at; `length` is how many
        digits there are, where that is known. Raises `PictureError`.
        """
        return self.read_page(next(decode.open_pages(picture)), region=region, length=length).reading

    def read_all(
        self, sources: Iterable[decode.Source], *, region: Region | None = None, length: int | None = None
    ) -> Iterator[Reading]:
        """Read pictures one after the other, every page a `Reading`; one that cannot be read has outcome `error`."""
        named = ((decode.name_of(source), source) for source in sources)
        return (result.reading for result in read_pages(self, named, region=region, length=length))

    def read_page(self, page: decode.Page, *, region: Region | None = None, length: int | None = None) -> ReadingSteps:
        """Read a page and keep what was seen on the way. Raises `PictureError` for a region outside the picture."""
        return answered(self._asking(page, region, length), self.predictor.predict_proba)

    def read_pages_together(
        self, pages: Sequence[decode.Page], *, region: Region | None = None, length: int | None = None
    ) -> list[ReadingSteps]:
        """`read_page` for several pages, with one call of the network for all: a fifth faster for pictures of one digit.

        Probabilities differ from those of `read_page` in the last bits. Raises as `read_page` does.
        """
        askings = [self._asking(page, region, length) for page in pages]
        return answered_together(askings, self.predictor.predict_proba)

    def _asking(self, page: decode.Page, region: Region | None, length: int | None) -> Asking[ReadingSteps]:
        frame = enlarged(_within(page, region))
        pixels = frame.pixels
        work = working_copy(pixels)
        views: list[View] = []
        for light in likely_sides(work):
            view = yield from look(work, pixels, light=light)
            views.append(view)
        view = max(views, key=lambda view: view.quality)
        threshold = acceptance_threshold(self.predictor.metadata.acceptance_threshold)
        found = decide(view, threshold)
        if length is not None:
            accepted = sum(outcome != "not_a_digit" for outcome in found)
            if accepted < length:
                view = yield from with_length(view, length - accepted, pixels)
            found = decide(view, threshold, length)
        return ReadingSteps(
            page, region, view.ink, _reading(page, _digits(view, found, frame, region), blank=not view.other)
        )


def _within(page: decode.Page, region: Region | None) -> NDArray[np.uint8]:
    if region is None:
        return page.pixels
    x, y, w, h = region
    width, height = page.size
    if w <= 0 or h <= 0 or x < 0 or y < 0 or x + w > width or y + h > height:
        raise PictureError(f"{page.name}: region {x},{y},{w},{h} is not inside the picture of {width} x {height}")
    return np.ascontiguousarray(page.pixels[y : y + h, x : x + w])


def _digits(view: View, found: list[DigitOutcome], frame: Enlarged, region: Region | None) -> tuple[Digit, ...]:
    left, top = region[:2] if region else (0, 0)
    boxes = [_box(candidate.piece, view.ink.scale, frame, left, top) for candidate in view.candidates]
    return tuple(
        _digit(view.candidates[place], boxes[place], row, found[place])
        for row, places in enumerate(reading_order(boxes))
        for place in places
    )


def _box(piece: Piece, scale: float, frame: Enlarged, left: int, top: int) -> Box:
    x, y, right, bottom = (
        round(frame.original(side / scale)) for side in (piece.x, piece.y, piece.right, piece.bottom)
    )
    return x + left, y + top, max(1, right - x), max(1, bottom - y)


def _digit(candidate: Candidate, box: Box, row: int, outcome: DigitOutcome) -> Digit:
    shares = candidate.probabilities.tolist()
    order = sorted(range(len(shares)), key=lambda value: -shares[value])
    return Digit(
        value=order[0],
        probability=shares[order[0]],
        second=order[1],
        second_probability=shares[order[1]],
        outcome=outcome,
        box=box,
        row=row,
        network_input=candidate.network_input,
        probabilities=tuple(shares),
    )


def _reading(page: decode.Page, digits: tuple[Digit, ...], *, blank: bool) -> Reading:
    rows: dict[int, str] = {}
    for digit in digits:
        if digit.outcome != "not_a_digit":
            rows[digit.row] = rows.get(digit.row, "") + str(digit.value)
    outcome: ReadingOutcome = "blank" if blank and not digits else "nothing_accepted"
    return Reading(
        page.name, "read" if rows else outcome, "\n".join(rows.values()), None, digits, page.number, page.size
    )


def read(picture: decode.Source, *, region: Region | None = None, length: int | None = None) -> Reading:
    """`Reader.load().read(picture)`, for one picture; load a `Reader` for many. Raises `PictureError`."""
    return Reader.load().read(picture, region=region, length=length)

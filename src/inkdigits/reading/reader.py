"""`Reader`: reads the digits in a picture, page or list of pictures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, overload

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import PictureError
from inkdigits.images import decode
from inkdigits.modelfile.predictor import DEFAULT_MODEL, Predictor
from inkdigits.reading.best_view import best_document, best_segmentation
from inkdigits.reading.coroutines import NetworkQueries, run, run_together
from inkdigits.reading.decide import acceptance_threshold, are_accepted, decide
from inkdigits.reading.finder import Finder
from inkdigits.reading.many import PageResult, read_pages
from inkdigits.reading.orientation import QUARTER_TURNS, Orientation, certainly_turned, may_be_turned
from inkdigits.reading.picture_inputs import (
    Many,
    OnePicture,
    Picture,
    Region,
    check_length,
    check_pictures,
    checked_region,
    named_source,
)
from inkdigits.reading.plain import segment_plain
from inkdigits.reading.preview import small_copy
from inkdigits.reading.pyramid import Pyramid
from inkdigits.reading.reading import Box, Digit, DigitOutcome, Reading, ReadingOutcome
from inkdigits.reading.rows import reading_order
from inkdigits.reading.segmentation import Candidate, Segmentation, split_to_length
from inkdigits.reading.separators import find_separators
from inkdigits.reading.signs import find_signs
from inkdigits.reading.views import View

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["Reader", "ReadingSteps", "Region", "annotate", "read"]

# Of the views by which a picture's other quarter turns are tried, which few pictures need.
_MAX_TURNED_SIDE = 512


@dataclass(frozen=True)
class ReadingSteps:
    """The steps from a page to its reading; `view` is that of the region where one was given."""

    page: decode.Page
    view: View
    reading: Reading


@dataclass(frozen=True)
class Reader:
    """Reads pictures with a loaded finder and classifier; several threads may use it at the same time."""

    predictor: Predictor
    finder: Finder

    @classmethod
    def load(cls, model: str | Path | None = None, *, threads: int | None = None) -> Reader:
        """A reader with a shipped model (by name), a model file or that of a run's folder; by default `reader`.

        Raises `ModelFileError`.
        """
        return cls(Predictor.load(model or DEFAULT_MODEL, threads=threads), Finder.load(threads=threads))

    def __repr__(self) -> str:
        return f"Reader({self.predictor!r})"

    @overload
    def read(self, picture: Picture, *, region: Region | None = None, length: int | None = None) -> Reading: ...

    @overload
    def read(
        self,
        picture: list[OnePicture] | tuple[OnePicture, ...],
        *,
        region: Region | None = None,
        length: int | None = None,
    ) -> list[Reading]: ...

    def read(
        self,
        picture: Picture | list[OnePicture] | tuple[OnePicture, ...],
        *,
        region: Region | None = None,
        length: int | None = None,
    ) -> Reading | list[Reading]:
        """Read one picture: a path, a file's bytes, a file opened in binary mode, a PIL image, or an array of NumPy,
        JAX, torch or anything with `__array__`; of several pages, the first.

        Arrays are (height, width), (height, width, 1), (height, width, 3) RGB or (height, width, 4) RGBA, or have those
        channels first, unless they may be digits of a data set, as (3, 28, 28). They hold uint8 from 0 black to 255
        white, booleans, floats in 0 to 1 or 0 to 255, or integers of up to 16 bits.

        `region` (x, y, width, height in pixels of the upright picture) is the part to read; `length` is the number of
        digits, where it is known: `notes` of the reading say if another number was found.

        A single picture that cannot be read raises `PictureError`. A list of pictures gives a list of readings, and
        one of them that cannot be read raises nothing: its reading has the outcome `error` and the message in `error`,
        so that the others are not lost. A wrong region or length, and lists of numbers, raise `PictureError` always.
        """
        area = checked_region(region)
        check_length(length)
        if isinstance(picture, list | tuple):
            check_pictures(picture)
            first = ((name, _first_page(name, source)) for name, source in _named(picture))
            return [_with_copy(result) for result in read_pages(self, first, region=area, length=length)]
        name, source = named_source(picture)
        steps = self.read_page(next(decode.open_pages(source, name)), region=area, length=length)
        return replace(steps.reading, picture=small_copy(steps.page.pixels))

    def read_all(
        self, sources: Iterable[decode.Source], *, region: Region | None = None, length: int | None = None
    ) -> Iterator[Reading]:
        """Read pictures one after the other, a `Reading` for each page; one that cannot be read has outcome `error`."""
        return (result.reading for result in read_pages(self, _named(sources), region=region, length=length))

    def read_page(self, page: decode.Page, *, region: Region | None = None, length: int | None = None) -> ReadingSteps:
        """Read a page and keep the steps. Raises `PictureError` for a region outside the picture."""
        return run(self._steps(page, region, length), self.predictor.predict_proba)

    def read_pages_together(
        self, pages: Sequence[decode.Page], *, region: Region | None = None, length: int | None = None
    ) -> list[ReadingSteps]:
        """`read_page` for several pages that share calls of the network, which is faster for pictures of one digit.

        Probabilities differ from those of `read_page` in the last bits. Raises what `read_page` raises.
        """
        steps = [self._steps(page, region, length) for page in pages]
        return run_together(steps, self.predictor.predict_proba)

    def _steps(self, page: decode.Page, region: Region | None, length: int | None) -> NetworkQueries[ReadingSteps]:
        pixels = _crop_region(page, region)
        threshold = acceptance_threshold(self.predictor.metadata.acceptance_threshold)
        part = Orientation(*(region[:2] if region else (0, 0)), pixels.shape[1], pixels.shape[0])
        best = yield from segment_plain(pixels, threshold)
        if best is None:
            picture = Pyramid.of(pixels)
            best = yield from best_segmentation(picture, self.finder, threshold)
            on_document = yield from best_document(picture, best, self.finder, threshold)
            if on_document is not None:
                document, best = on_document
                picture, part = Pyramid.of(document.pixels), part.of_box(document.left, document.top, best.view.size)
            if may_be_turned(best, picture.pixels):
                best, part = yield from self._turned_upright(picture, best, part, threshold)
        outcomes = decide(best, threshold)
        if length is not None:
            missing = length - sum(are_accepted(outcomes))
            if missing > 0:
                sure = [one for one, outcome in zip(best.candidates, outcomes, strict=True) if outcome == "digit"]
                best = yield from split_to_length(best, missing, sure)
            outcomes = decide(best, threshold, length)
        return ReadingSteps(page, best.view, _reading(page, best, outcomes, part, length))

    def _turned_upright(
        self, picture: Pyramid, as_it_is: Segmentation, part: Orientation, threshold: float
    ) -> NetworkQueries[tuple[Segmentation, Orientation]]:
        """The segmentation of the turned picture and how it is turned, if it reads certainly; else what was given."""
        parts = [replace(part, rotation=rotation) for rotation in QUARTER_TURNS]
        turned = []
        for one in parts:
            found = yield from best_segmentation(one.upright(picture), self.finder, threshold, _MAX_TURNED_SIDE)
            turned.append(found)
        place = certainly_turned(as_it_is, turned, threshold)
        return (as_it_is, part) if place is None else (turned[place], parts[place])


def _crop_region(page: decode.Page, region: Region | None) -> NDArray[np.uint8]:
    if region is None:
        return page.pixels
    x, y, w, h = region
    width, height = page.size
    if w <= 0 or h <= 0 or x < 0 or y < 0 or x + w > width or y + h > height:
        raise PictureError(f"{page.name}: region {x},{y},{w},{h} is not inside the picture of {width} x {height}")
    return np.ascontiguousarray(page.pixels[y : y + h, x : x + w])


def _digits(segmentation: Segmentation, outcomes: Sequence[DigitOutcome]) -> tuple[Digit, ...]:
    """The candidates in reading order, with boxes of the upright part."""
    boxes = [segmentation.view.to_picture(*candidate.component.ink_box) for candidate in segmentation.candidates]
    return tuple(
        _digit(segmentation.candidates[place], boxes[place], row, outcomes[place])
        for row, places in enumerate(reading_order(boxes, are_accepted(outcomes)))
        for place in places
    )


def _marks(segmentation: Segmentation, outcomes: Sequence[DigitOutcome]) -> list[Box]:
    """The boxes of ink that is no digit's, and of signs no other's than commas and slashes."""
    signs = find_signs(segmentation.candidates, are_accepted(outcomes))
    refused = [
        candidate.component
        for candidate, outcome, sign in zip(segmentation.candidates, outcomes, signs, strict=True)
        if outcome == "not_a_digit" and sign in (None, ",", "/")
    ]
    return [segmentation.view.to_picture(*component.ink_box) for component in (*refused, *segmentation.specks)]


def _digit(candidate: Candidate, box: Box, row: int, outcome: DigitOutcome) -> Digit:
    probabilities = candidate.probabilities.tolist()
    order = sorted(range(len(probabilities)), key=lambda value: -probabilities[value])
    return Digit(
        value=order[0],
        probability=probabilities[order[0]],
        second=order[1],
        second_probability=probabilities[order[1]],
        outcome=outcome,
        box=box,
        row=row,
        network_input=candidate.network_input,
        probabilities=tuple(probabilities),
    )


def _reading(
    page: decode.Page,
    segmentation: Segmentation,
    outcomes: Sequence[DigitOutcome],
    part: Orientation,
    length: int | None,
) -> Reading:
    upright = _digits(segmentation, outcomes)
    # Rows and separators are found in the upright part, and boxes given in the picture.
    separators = find_separators(upright, _marks(segmentation, outcomes))
    rows: dict[int, str] = {}
    for digit in upright:
        if digit.is_accepted:
            rows[digit.row] = rows.get(digit.row, "") + str(digit.value)
    outcome: ReadingOutcome = "blank" if not upright else "nothing_accepted"
    return Reading(
        page.name,
        "read" if rows else outcome,
        "\n".join(rows.values()),
        None,
        tuple(replace(digit, box=part.in_picture(digit.box)) for digit in upright),
        page.number + 1,
        page.size,
        tuple(replace(one, box=part.in_picture(one.box)) for one in separators),
        part.rotation,
        length,
    )


def _named(sources: Iterable[decode.Source]) -> Iterator[tuple[str, decode.Source | PictureError]]:
    for place, source in enumerate(sources):
        try:
            yield named_source(source, place)
        except PictureError as error:
            yield decode.name_of(source), error


def _first_page(name: str, source: decode.Source | PictureError) -> decode.Page | PictureError:
    if isinstance(source, PictureError):
        return source
    try:
        return next(decode.open_pages(source, name))
    except PictureError as error:
        return error


def _with_copy(result: PageResult) -> Reading:
    steps = result.steps
    return result.reading if steps is None else replace(result.reading, picture=small_copy(steps.page.pixels))


@overload
def read(picture: Picture, *, region: Region | None = None, length: int | None = None) -> Reading: ...


@overload
def read(picture: Many[OnePicture], *, region: Region | None = None, length: int | None = None) -> list[Reading]: ...


def read(
    picture: Picture | list[OnePicture] | tuple[OnePicture, ...],
    *,
    region: Region | None = None,
    length: int | None = None,
) -> Reading | list[Reading]:
    """`Reader.load().read(picture)`, of one picture or a list; for many calls load a `Reader` once.

    Raises `PictureError` for one picture that cannot be read; in a list its reading has the outcome `error` instead.
    """
    return Reader.load().read(picture, region=region, length=length)


def annotate(picture: Picture, *, region: Region | None = None, length: int | None = None) -> Image.Image:
    """The upright picture with the box and the value of every digit, and every separator.

    Digits are green, orange if unsure, red if no digit; separators are blue.

    Takes what `read` takes of one picture, and raises `PictureError`.
    """
    from PIL import Image

    from inkdigits.reading.annotation import draw_annotation

    name, source = named_source(picture)
    check_length(length)
    page = next(decode.open_pages(source, name))
    return Image.fromarray(draw_annotation(Reader.load().read_page(page, region=checked_region(region), length=length)))

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
from inkdigits.reading.components import Component
from inkdigits.reading.coroutines import NetworkQueries, run, run_together
from inkdigits.reading.decide import acceptance_threshold, decide
from inkdigits.reading.finder import Finder
from inkdigits.reading.many import PageResult, read_pages
from inkdigits.reading.picture_inputs import (
    Many,
    OnePicture,
    Picture,
    Region,
    check_length,
    checked_region,
    named_source,
)
from inkdigits.reading.plain import segment_plain
from inkdigits.reading.preview import small_copy
from inkdigits.reading.reading import Box, Digit, DigitOutcome, Reading, ReadingOutcome, Separator
from inkdigits.reading.rows import reading_order
from inkdigits.reading.segmentation import Candidate, Segmentation, segment, split_to_length
from inkdigits.reading.separators import find_separators
from inkdigits.reading.views import View, show, view_sides

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["Reader", "ReadingSteps", "Region", "annotate", "best_segmentation", "read"]

# In pixels of a view: digits of this height are seen well, larger views are not needed for them.
_GOOD_HEIGHT = 26
# The confidence of every candidate of a view that leaves no doubt.
_CERTAIN = 0.93


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
        JAX, torch or anything with `__array__`; of several pages, the first. A list of pictures gives a list of
        readings, where one that cannot be read has the outcome `error`.

        `region` (x, y, width, height in pixels of the upright picture) is the part to read; `length` is the number of
        digits, where it is known. Raises `PictureError` for what is no picture, and for another region or length.
        """
        area = checked_region(region)
        check_length(length)
        if isinstance(picture, list | tuple):
            sources = [named_source(one, place) for place, one in enumerate(picture)]
            return [_with_copy(result) for result in read_pages(self, sources, region=area, length=length, max_pages=1)]
        name, source = named_source(picture)
        steps = self.read_page(next(decode.open_pages(source, name)), region=area, length=length)
        return replace(steps.reading, picture=small_copy(steps.page.pixels))

    def read_all(
        self, sources: Iterable[decode.Source], *, region: Region | None = None, length: int | None = None
    ) -> Iterator[Reading]:
        """Read pictures one after the other, a `Reading` for each page; one that cannot be read has outcome `error`."""
        named = ((decode.name_of(source), source) for source in sources)
        return (result.reading for result in read_pages(self, named, region=region, length=length))

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
        best = yield from segment_plain(pixels, threshold)
        if best is None:
            best = yield from best_segmentation(pixels, self.finder, threshold)
        outcomes = decide(best, threshold)
        if length is not None:
            accepted = sum(outcome != "not_a_digit" for outcome in outcomes)
            if accepted < length:
                best = yield from split_to_length(best, length - accepted)
            outcomes = decide(best, threshold, length)
        digits = _digits(best, outcomes, region)
        separators = find_separators(digits, _marks(best, outcomes, region))
        return ReadingSteps(page, best.view, _reading(page, digits, separators))


def best_segmentation(pixels: NDArray[np.uint8], finder: Finder, threshold: float) -> NetworkQueries[Segmentation]:
    """The best segmentation of a picture among its views, from small to large.

    Larger views are left out where digits are large enough in those before.
    """
    best: Segmentation | None = None
    for number, side in enumerate(view_sides(pixels)):
        found = yield from segment(show(pixels, side, finder))
        if best is None or found.quality > best.quality:
            best = found
        if _is_certain(best) or (number > 1 and best.height >= _GOOD_HEIGHT and "digit" in decide(best, threshold)):
            break
    assert best is not None
    return best


def _is_certain(found: Segmentation) -> bool:
    """Whether a view leaves no doubt, so that no other is needed."""
    confidences = [candidate.confidence for candidate in found.candidates]
    return found.height >= _GOOD_HEIGHT and min(confidences, default=0.0) >= _CERTAIN


def _crop_region(page: decode.Page, region: Region | None) -> NDArray[np.uint8]:
    if region is None:
        return page.pixels
    x, y, w, h = region
    width, height = page.size
    if w <= 0 or h <= 0 or x < 0 or y < 0 or x + w > width or y + h > height:
        raise PictureError(f"{page.name}: region {x},{y},{w},{h} is not inside the picture of {width} x {height}")
    return np.ascontiguousarray(page.pixels[y : y + h, x : x + w])


def _digits(segmentation: Segmentation, outcomes: list[DigitOutcome], region: Region | None) -> tuple[Digit, ...]:
    left, top = region[:2] if region else (0, 0)
    boxes = [_box(candidate.component, segmentation.view, left, top) for candidate in segmentation.candidates]
    return tuple(
        _digit(segmentation.candidates[place], boxes[place], row, outcomes[place])
        for row, places in enumerate(reading_order(boxes))
        for place in places
    )


def _marks(segmentation: Segmentation, outcomes: list[DigitOutcome], region: Region | None) -> list[Box]:
    """The boxes of ink that is no digit's."""
    left, top = region[:2] if region else (0, 0)
    refused = [
        candidate.component
        for candidate, outcome in zip(segmentation.candidates, outcomes, strict=True)
        if outcome == "not_a_digit"
    ]
    return [_box(component, segmentation.view, left, top) for component in (*refused, *segmentation.specks)]


def _box(component: Component, view: View, left: int, top: int) -> Box:
    x, y, w, h = view.to_picture(*component.ink_box)
    return x + left, y + top, w, h


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


def _reading(page: decode.Page, digits: tuple[Digit, ...], separators: tuple[Separator, ...]) -> Reading:
    rows: dict[int, str] = {}
    for digit in digits:
        if digit.outcome != "not_a_digit":
            rows[digit.row] = rows.get(digit.row, "") + str(digit.value)
    outcome: ReadingOutcome = "blank" if not digits else "nothing_accepted"
    string = "\n".join(rows.values())
    return Reading(page.name, "read" if rows else outcome, string, None, digits, page.number + 1, page.size, separators)


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

    Raises `PictureError`.
    """
    return Reader.load().read(picture, region=region, length=length)


def annotate(picture: Picture, *, region: Region | None = None, length: int | None = None) -> Image.Image:
    """The upright picture with the box and the value of every digit: green, orange if unsure, red if no digit.

    Takes what `read` takes of one picture, and raises `PictureError`.
    """
    from PIL import Image

    from inkdigits.reading.annotation import draw_annotation

    name, source = named_source(picture)
    check_length(length)
    page = next(decode.open_pages(source, name))
    return Image.fromarray(draw_annotation(Reader.load().read_page(page, region=checked_region(region), length=length)))

"""`Reading`: what was read in one picture, the value that the command line, HTTP and tables share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypedDict

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Box",
    "Digit",
    "DigitDict",
    "DigitOutcome",
    "Reading",
    "ReadingDict",
    "ReadingOutcome",
    "Separator",
    "SeparatorDict",
]

DigitOutcome = Literal["digit", "unsure", "not_a_digit"]
ReadingOutcome = Literal["read", "blank", "nothing_accepted", "error"]
# x and y of the upper left corner, width and height, in pixels of the upright picture.
Box = tuple[int, int, int, int]


_MAX_SHOWN = 60  # characters of a string in a reading's repr


class DigitDict(TypedDict):
    """A `Digit` as JSON holds it."""

    value: int
    probability: float
    second: int
    second_probability: float
    outcome: DigitOutcome
    box: list[int]
    row: int
    probabilities: list[float]
    network_input: list[list[int]]


class SeparatorDict(TypedDict):
    """A `Separator` as JSON holds it."""

    character: str
    box: list[int]
    row: int


class ReadingDict(TypedDict):
    """A `Reading` as JSON holds it."""

    path: str
    page: int
    outcome: ReadingOutcome
    string: str
    error: str | None
    size: list[int]
    rotation: int
    notes: list[str]
    digits: list[DigitDict]
    separators: list[SeparatorDict]


@dataclass(frozen=True)
class Digit:
    """Ink that may be one digit.

    `value` and `second` are the two most probable digits, `probability` and `second_probability` their probabilities in
    [0, 1]. `outcome` is `digit`, `unsure` (accepted, but `second` is likely too) or `not_a_digit` (refused). `box` is
    in pixels of the upright picture, `row` counts from 0. `network_input` is the picture that the network classified,
    uint8 (28, 28), white ink on black, and `probabilities` are its answer for 0 to 9.
    """

    value: int
    probability: float
    second: int
    second_probability: float
    outcome: DigitOutcome
    box: Box
    row: int
    network_input: NDArray[np.uint8] = field(compare=False)
    probabilities: tuple[float, ...] = ()

    @property
    def is_accepted(self) -> bool:
        """Whether it is in the string of its reading: it is certainly or probably a digit."""
        return self.outcome != "not_a_digit"

    def __repr__(self) -> str:
        return (
            f"Digit({self.value}, {self.outcome!r}, probability={self.probability:.3f}, second={self.second}, "
            f"box={self.box}, row={self.row})"
        )

    def to_dict(self) -> DigitDict:
        """The digit as JSON holds it, `network_input` as 28 rows of 28 numbers."""
        return {
            "value": self.value,
            "probability": self.probability,
            "second": self.second,
            "second_probability": self.second_probability,
            "outcome": self.outcome,
            "box": list(self.box),
            "row": self.row,
            "probabilities": list(self.probabilities),
            "network_input": self.network_input.tolist(),
        }


@dataclass(frozen=True)
class Separator:
    """A point, comma, colon, minus sign or slash (`character`) after a digit of the row `row`.

    `box` is in pixels of the upright picture.
    """

    character: str
    box: Box
    row: int

    def to_dict(self) -> SeparatorDict:
        """The separator as JSON holds it."""
        return {"character": self.character, "box": list(self.box), "row": self.row}


@dataclass(frozen=True)
class Reading:
    """What was read in one picture.

    `outcome` is `read` (at least one digit was accepted), `blank` (no writing), `nothing_accepted` (writing, but no
    digit) or `error`, and then `error` says what is wrong with the picture. `string` holds the accepted digits in
    reading order, rows separated by a line break; unsure digits are included, refused ones are not. `page` counts the
    frames or pages of one file from 1. `size` is the width and height of the upright picture in pixels, (0, 0) for an
    error.
    `separators` are what stands between digits and is no digit; they are not part of the string. `rotation` is by how
    many degrees the writing is turned clockwise in the picture: 0, 90, 180 or 270; boxes are those of the picture as it
    was given. `length` is the number of digits that there should be, where that was said. `picture` is a small copy of
    the picture, uint8 grey or RGB, in a reading that `Reader.read` returns; no comparison looks at it.
    """

    path: str
    outcome: ReadingOutcome
    string: str
    error: str | None
    digits: tuple[Digit, ...]
    page: int = 1
    size: tuple[int, int] = (0, 0)
    separators: tuple[Separator, ...] = ()
    rotation: Literal[0, 90, 180, 270] = 0
    length: int | None = None
    picture: NDArray[np.uint8] | None = field(default=None, compare=False)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of the reading besides its digits, such as "8 of 10 digits were found"."""
        found = sum(digit.is_accepted for digit in self.digits)
        short = self.length is not None and self.outcome != "error" and found != self.length
        digits = "digit was" if self.length == 1 else "digits were"
        return (
            *((f"{found} of {self.length} {digits} found",) if short else ()),
            *((f"the writing is turned by {self.rotation} degrees",) if self.rotation else ()),
        )

    def __repr__(self) -> str:
        shown = self.string if len(self.string) <= _MAX_SHOWN else f"{self.string[: _MAX_SHOWN - 1]}…"
        found = repr(self.error) if self.error else f"{shown!r}, digits={len(self.digits)}"
        page = f" page {self.page}" if self.page > 1 else ""
        notes = "".join(f"; {note}" for note in self.notes)
        return f"Reading({self.path + page!r}: {self.outcome} {found}{notes})"

    def _repr_html_(self) -> str:
        """The picture with its boxes and what was read, in a notebook."""
        from html import escape

        text = f"<pre>{escape(self.error or self.string or self.outcome.replace('_', ' '))}</pre>"
        if self.picture is None:
            return text
        from inkdigits.reading.annotation import annotated_data_uri

        address = annotated_data_uri(self.picture, self)
        return f'<img src="{address}" alt="{escape(repr(self))}">{text}'

    def to_dict(self) -> ReadingDict:
        """The reading as JSON holds it."""
        return {
            "path": self.path,
            "page": self.page,
            "outcome": self.outcome,
            "string": self.string,
            "error": self.error,
            "size": list(self.size),
            "rotation": self.rotation,
            "notes": list(self.notes),
            "digits": [digit.to_dict() for digit in self.digits],
            "separators": [separator.to_dict() for separator in self.separators],
        }

"""`Reading`: what was read in one picture, the value that the command line, HTTP and tables share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["Box", "Digit", "DigitOutcome", "Reading", "ReadingOutcome"]

DigitOutcome = Literal["digit", "unsure", "not_a_digit"]
ReadingOutcome = Literal["read", "blank", "nothing_accepted", "error"]
# x, y of the left upper corner, width and height, in pixels of the upright picture.
Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Digit:
    """One piece of ink that may be a digit.

    `value` and `second` are the two most probable digits, `probability` and `second_probability` how probable they
    are, in [0, 1]. `outcome` is `digit`, `unsure` (accepted, but it may as well be `second`) or `not_a_digit`. `box` is
    in pixels of the upright picture, `row` counts from 0, `network_input` is what the network saw, uint8 (28, 28), white ink on
    black. `probabilities` are those of 0 to 9.
    """

    value: int
    probability: float
    second: int
    second_probability: float
    outcome: DigitOutcome
    box: Box
    row: int
    network_input: NDArray[np.uint8]
    probabilities: tuple[float, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The same, ready for JSON: `network_input` as 28 rows of 28 numbers."""
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
class Reading:
    """One picture, read.

    `outcome` is `read` (at least one digit was accepted), `blank` (no ink), `nothing_accepted` (ink, but no digit) or
    `error`, and then `error` says what is wrong with the picture. `string` holds the accepted digits in reading order,
    rows parted by a line break; an unsure digit is in it, what is no digit is not. `page` counts the frames or pages of
    one file from 0. `size` is the width and height of the upright picture in pixels, (0, 0) for an error.
    """

    path: str
    outcome: ReadingOutcome
    string: str
    error: str | None
    digits: tuple[Digit, ...]
    page: int = 0
    size: tuple[int, int] = (0, 0)

    def to_dict(self) -> dict[str, Any]:
        """The same, ready for JSON."""
        return {
            "path": self.path,
            "page": self.page,
            "outcome": self.outcome,
            "string": self.string,
            "error": self.error,
            "size": list(self.size),
            "digits": [digit.to_dict() for digit in self.digits],
        }

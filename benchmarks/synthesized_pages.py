"""Claim: digits of synthesized pages are found and read, with digits and fonts that neither network was trained on.

The pages are like those that the finder is trained on (`synthesis/pages/`): one or many digits of any size, touching,
crossed out, in forms, among letters, in bad light; many are hard for people too. A digit that something cuts counts in
neither way.

    python benchmarks/synthesized_pages.py [--pages 600] [--model MODEL]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from inkdigits.reading.reader import Reader
from inkdigits.synthesis.pages.shapes import load_shapes
from inkdigits.synthesis.pages.synthesized_page import SynthesizedPage, draw_page

__all__ = ["Box", "Count", "Found", "count_digits", "held_out_pages", "read_digits"]

_NEAR = 0.35  # heights of a digit, that the middle of what is read may lie beside the digit's

Box = tuple[int, int, int, int]
Pixels = NDArray[np.uint8]


class Found(NamedTuple):
    """A digit that was read: its value, its box in pixels of the picture, its probability."""

    value: int
    box: Box
    probability: float


@dataclass
class Count:
    """Digits of pages: read rightly, lost, read as another; what else was read; and pages without any mistake."""

    right: int = 0
    lost: int = 0
    wrong: int = 0
    others: int = 0
    pages: int = 0
    exact: int = 0

    def add(self, page: SynthesizedPage, found: Sequence[Found]) -> None:
        """Count a page; digits that are cut count neither way."""
        left, mistakes = list(found), 0
        for value, box in page.digits:
            own = [one for one in left if _is_near(one.box, box)]
            read = max(own, key=lambda one: one.probability, default=None)
            if read is not None:
                left.remove(read)
            if (value, box) in page.whole_digits:
                self.right += read is not None and read.value == value
                self.lost += read is None
                self.wrong += read is not None and read.value != value
                mistakes += read is None or read.value != value
        self.others += len(left)
        self.pages += 1
        self.exact += not mistakes and not left

    def __str__(self) -> str:
        n = max(1, self.right + self.lost + self.wrong)
        return (
            f"{100 * self.right / n:.1f} % of {n} digits right, {100 * self.lost / n:.1f} % lost, "
            f"{100 * self.wrong / n:.1f} % wrong; {self.others} digits where none is; "
            f"{100 * self.exact / self.pages:.1f} % of {self.pages} pages without a mistake"
        )


def _is_near(one: Box, other: Box) -> bool:
    away = np.hypot(one[0] + one[2] / 2 - other[0] - other[2] / 2, one[1] + one[3] / 2 - other[1] - other[3] / 2)
    return bool(away <= _NEAR * max(other[2], other[3]))


def held_out_pages(seed: int, n: int) -> list[SynthesizedPage]:
    """`n` pages, the same for the same seed."""
    library, rng = load_shapes("held_out"), np.random.default_rng([seed, 11])
    return [draw_page(library, rng) for _ in range(n)]


def count_digits(pages: Sequence[SynthesizedPage], digits: Callable[[Pixels], list[Found]]) -> Count:
    """What `digits` finds in the pages."""
    count = Count()
    for page in pages:
        count.add(page, digits(page.pixels))
    return count


def read_digits(reader: Reader, pixels: Pixels) -> list[Found]:
    """The digits that the reader accepts."""
    digits = reader.read(pixels).digits
    return [Found(one.value, one.box, one.probability) for one in digits if one.is_accepted]


def main() -> None:
    """Read the pages, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=600)
    parser.add_argument("--model", help="a bundled model's name or a model file; default: the best that is bundled")
    options = parser.parse_args()
    reader = Reader.load(options.model)
    print(count_digits(held_out_pages(2, options.pages), lambda pixels: read_digits(reader, pixels)))


if __name__ == "__main__":
    main()

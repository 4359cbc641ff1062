"""Shapes of writing that can be drawn at any size with any pen: digits, letters and signs as distance fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets.mnist import load_train
from inkdigits.datasets.split import stratified_split
from inkdigits.synthesis.glyphs import Split, load_glyphs
from inkdigits.synthesis.nondigits import FAMILIES

__all__ = ["HELD_OUT_FRACTION", "DigitPictures", "Shape", "ShapeLibrary", "load_shapes", "to_shape"]

FIELD = 96  # pixels, the side of a field
# The digits of MNIST's training part that no page shows, so that they can measure: the reader holds the same ones out.
HELD_OUT_FRACTION = 0.05
# How many pictures of each family of non-digits are drawn to choose from.
_SIGNS = {"scribbles": 300, "polygons": 300, "crosses_and_ticks": 300, "stars": 300, "turned": 300, "halves": 300}
_LETTERS = {"pen_letters": 1500, "letters_of_other_scripts": 800}
_BORDER = 0.12  # of the picture, so that strokes do not end at the field's border

Floats = NDArray[np.float32]
Grey = NDArray[np.uint8]


@dataclass(frozen=True)
class Shape:
    """Ink in a field of 96x96 pixels: `mask` uint8 of 0 and 1, and its `box`, x, y, width and height.

    `value` is that of a digit, None of other ink.
    """

    mask: Grey
    box: tuple[int, int, int, int]
    value: int | None = None

    @cached_property
    def edge(self) -> Floats:
        """The signed distance from the ink's edge in pixels, float32 (96, 96), negative inside."""
        import cv2

        inside = cv2.distanceTransform(self.mask, cv2.DIST_L2, 5)
        return np.asarray(cv2.distanceTransform(1 - self.mask, cv2.DIST_L2, 5) - inside, np.float32)

    @cached_property
    def middle(self) -> Floats:
        """The distance from the middle of the strokes in pixels, float32 (96, 96)."""
        import cv2

        return np.asarray(cv2.distanceTransform(1 - skeleton(self.mask), cv2.DIST_L2, 5), np.float32)

    @cached_property
    def loops(self) -> int:
        """The number of regions of paper: one around the ink, and one in every loop."""
        return count_loops(self.mask)

    def half_width(self, pen: float) -> Floats:
        """The distance from the edge of strokes drawn with a pen of `pen` of the ink's height."""
        return self.middle - np.float32(0.5 * pen * max(self.box[3], 0.6 * self.box[2]))


def to_shape(ink: Grey, value: int | None = None) -> Shape | None:
    """The shape of ink uint8 (height, width), white on black, a digit's where `value` is one; None without ink."""
    import cv2

    side = round(FIELD * (1 - 2 * _BORDER))
    large = cv2.resize(ink, (side, side), interpolation=cv2.INTER_CUBIC)
    before, after = (FIELD - side) // 2, (FIELD - side + 1) // 2
    large = cv2.copyMakeBorder(large, before, after, before, after, cv2.BORDER_CONSTANT)
    mask = (cv2.GaussianBlur(large, (0, 0), 1.2) > 110).astype(np.uint8)
    if cv2.countNonZero(mask) < 20:
        return None
    x, y, w, h = cv2.boundingRect(mask)
    return Shape(mask, (x, y, w, h), value)


def count_loops(mask: Grey) -> int:
    """The number of regions of paper: one around the ink, and one in every loop."""
    import cv2

    return int(cv2.connectedComponents(1 - mask, connectivity=4)[0]) - 1


def skeleton(mask: Grey) -> Grey:
    """The middle of the strokes of `mask` (0 and 1), one pixel wide.

    Zhang and Suen 1984, "A fast parallel algorithm for thinning digital patterns".
    """
    thin = np.pad(mask, 1)
    inner = thin[1:-1, 1:-1]
    removed = True
    while removed:
        removed = False
        for removable in _removable():
            gone = removable[_neighbours(thin)] & inner
            inner[gone > 0] = 0
            removed |= bool(gone.any())
    return inner


# Rows and columns of a pixel's neighbours, from the one above on, clockwise.
_CLOCKWISE = ((0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0), (0, 0))


def _neighbours(framed: Grey) -> Grey:
    """The neighbours of each pixel within a frame of one pixel, a bit each, clockwise from the one above."""
    height, width = framed.shape[0] - 2, framed.shape[1] - 2
    bits = np.zeros((height, width), np.uint8)
    for bit, (row, column) in enumerate(_CLOCKWISE):
        bits |= framed[row : row + height, column : column + width] << bit
    return bits


@lru_cache(maxsize=1)
def _removable() -> tuple[Grey, Grey]:
    """For each of the two steps of the algorithm, whether a pixel with these neighbours (256,) is removed."""
    bits = (np.arange(256)[:, None] >> np.arange(8)) & 1
    north, east, south, west = bits.T[::2]
    starts = ((bits == 0) & (np.roll(bits, -1, axis=1) == 1)).sum(axis=1)
    edge = (bits.sum(axis=1) >= 2) & (bits.sum(axis=1) <= 6) & (starts == 1)
    first = edge & (north * east * south == 0) & (east * south * west == 0)
    second = edge & (north * east * west == 0) & (north * south * west == 0)
    return first.astype(np.uint8), second.astype(np.uint8)


@dataclass(frozen=True)
class DigitPictures:
    """Pictures of digits: `images` uint8 (n, height, width), white on black, and their `values` (n,)."""

    images: Grey
    values: NDArray[np.integer]


@dataclass(frozen=True)
class ShapeLibrary:
    """Pictures of ink, white on black, from which shapes are made as they are drawn.

    `digits` and `printed_digits` are digits of MNIST and of fonts, `letters` and `signs` are not digits.
    """

    digits: DigitPictures
    printed_digits: DigitPictures
    letters: Sequence[Grey]
    signs: Sequence[Grey]

    def digit(self, rng: np.random.Generator, printed: bool) -> Shape:
        """A random digit."""
        pictures = self.printed_digits if printed else self.digits
        return _random_shape(pictures.images, rng, pictures.values)

    def letter(self, rng: np.random.Generator) -> Shape:
        """A random letter, which does not have the shape of a digit."""
        return _random_shape(self.letters, rng)

    def sign(self, rng: np.random.Generator) -> Shape:
        """A random drawing or sign."""
        return _random_shape(self.signs, rng)


def _random_shape(
    pictures: Sequence[Grey] | Grey, rng: np.random.Generator, values: NDArray[np.integer] | None = None
) -> Shape:
    shape = None
    while shape is None:
        place = int(rng.integers(len(pictures)))
        shape = to_shape(pictures[place], None if values is None else int(values[place]))
    return shape


@lru_cache(maxsize=2)
def load_shapes(split: Split = "train") -> ShapeLibrary:
    """What pages show for training ("train"): MNIST's training part less what is held out, and the fonts for training;
    or for evaluation ("held_out"): those digits and fonts. Signs and letters drawn by a pen are the same in both.
    """
    parts = stratified_split(load_train(), HELD_OUT_FRACTION, seed=0)
    digits = parts[split == "held_out"]
    glyphs = load_glyphs(split)
    printed = glyphs.digits
    letters = [*glyphs.letters.images, *_drawn(_LETTERS)]
    return ShapeLibrary(
        DigitPictures(digits.images, digits.labels),
        DigitPictures(printed.images, printed.characters.astype(np.int64)),
        letters,
        list(_drawn(_SIGNS)),
    )


def _drawn(families: Mapping[str, int]) -> Grey:
    rng = np.random.default_rng(0)
    return np.concatenate([FAMILIES[name](rng, n) for name, n in families.items()])

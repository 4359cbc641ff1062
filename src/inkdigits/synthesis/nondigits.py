"""Pictures that are no digits, in families, each as the reader would show them to a network.

A family is a function `(rng, n) -> uint8 (n, 28, 28)`, white on black; the same generator state gives the same
pictures. `kinds.py` says which families a network may be trained on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from inkdigits.synthesis import drawn, fragments, pen_letters, textures
from inkdigits.synthesis.glyphs import SIZE, Glyphs, load_glyphs
from inkdigits.synthesis.kinds import TRAINED_NONDIGITS
from inkdigits.synthesis.network_inputs import seen_of

__all__ = ["FAMILIES", "Family", "as_written", "letters", "letters_of_held_out_fonts", "training_nondigits"]

Grey = NDArray[np.uint8]
Family = Callable[[np.random.Generator, int], Grey]


def letters(rng: np.random.Generator, n: int) -> Grey:
    """Letters and signs that are no digit's shape, of the fonts to train with."""
    return as_written(load_glyphs("train").letters, rng, n)[0]


def letters_of_other_scripts(rng: np.random.Generator, n: int) -> Grey:
    """Greek, Cyrillic, Japanese, Hebrew and Thai letters and signs of mathematics, of the fonts to train with."""
    return as_written(load_glyphs("train").other_scripts, rng, n)[0]


def letters_of_held_out_fonts(rng: np.random.Generator, n: int) -> Grey:
    """The same letters and signs, of the fonts that are kept for judging."""
    return as_written(load_glyphs("held_out").letters, rng, n)[0]


def as_written(glyphs: Glyphs, rng: np.random.Generator, n: int) -> tuple[Grey, NDArray[np.intp]]:
    """`n` glyphs drawn at random, a little turned, slanted and stretched, as uint8 (n, 28, 28), and their rows (n,)."""
    rows: list[int] = []

    def one(rng: np.random.Generator) -> Grey:
        row = int(rng.integers(len(glyphs)))
        rows.append(row)
        return _slanted(glyphs.images[row], rng)

    return seen_of(one, rng, n), np.array(rows, np.intp)


def _slanted(picture: Grey, rng: np.random.Generator) -> Grey:
    import cv2

    angle, slant = rng.normal(0, 0.08), rng.normal(0, 0.12)
    wide, high = rng.uniform(0.85, 1.15, 2)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    matrix = turn @ np.array([[wide, slant], [0, high]])
    side = SIZE + 16
    offset = side / 2 - matrix @ np.full(2, SIZE / 2)
    return np.asarray(cv2.warpAffine(picture, np.column_stack([matrix, offset]), (side, side)), np.uint8)


FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        "scribbles": drawn.scribbles,
        "polygons": drawn.polygons,
        "crosses_and_ticks": drawn.crosses_and_ticks,
        "stars": drawn.stars,
        "blots": drawn.blots,
        "gradients": textures.gradients,
        "value_noise": textures.value_noise,
        "pepper": textures.pepper,
        "checker": textures.checker,
        "full_frame": textures.full_frame,
        "halves": fragments.halves,
        "quarters": fragments.quarters,
        "turned": fragments.turned,
        "two_digits": fragments.two_digits,
        "destroyed": fragments.destroyed,
        "pen_letters": pen_letters.pen_letters,
        "letters": letters,
        "letters_of_other_scripts": letters_of_other_scripts,
        "arrows": drawn.arrows,
        "doodles": drawn.doodles,
        "waves": drawn.waves,
        "stripes": textures.stripes,
        "swirled": fragments.swirled,
        "crowds": fragments.crowds,
        "pen_letters_held_out": pen_letters.pen_letters_held_out,
        "letters_of_held_out_fonts": letters_of_held_out_fonts,
    }
)


def training_nondigits(rng: np.random.Generator, n: int) -> Grey:
    """`n` non-digits uint8 (n, 28, 28) of the families that may be trained on, by their shares, in random order."""
    shares = np.array(list(TRAINED_NONDIGITS.values()))
    counts = rng.multinomial(n, shares / shares.sum())
    parts = [FAMILIES[name](rng, int(count)) for name, count in zip(TRAINED_NONDIGITS, counts, strict=True)]
    return np.concatenate(parts)[rng.permutation(n)]

"""Non-digits: families of pictures that are not digits, normalized like the components that the reader finds.

A family is a function of a generator and n that returns uint8 (n, 28, 28), white on black; the same state of the
generator gives the same pictures. `families.py` lists which of them a network may be trained on.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from inkdigits.synthesis import fragments, pen_drawings, pen_letters, pen_shapes, textures
from inkdigits.synthesis.families import TRAINED_NONDIGITS
from inkdigits.synthesis.glyphs import load_glyphs, sample_glyphs
from inkdigits.synthesis.network_inputs import Family

__all__ = ["FAMILIES", "letters", "letters_of_held_out_fonts", "training_nondigits"]

Grey = NDArray[np.uint8]


def letters(rng: np.random.Generator, n: int) -> Grey:
    """Letters and signs without the shape of a digit, of the fonts for training."""
    return sample_glyphs(load_glyphs("train").letters, rng, n)[0]


def letters_of_other_scripts(rng: np.random.Generator, n: int) -> Grey:
    """Letters of over a hundred scripts and mathematical signs, of the fonts for training."""
    return sample_glyphs(load_glyphs("train").other_scripts, rng, n)[0]


def letters_of_held_out_fonts(rng: np.random.Generator, n: int) -> Grey:
    """The letters and signs of the held-out fonts."""
    return sample_glyphs(load_glyphs("held_out").letters, rng, n)[0]


FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        "scribbles": pen_drawings.scribbles,
        "polygons": pen_drawings.polygons,
        "crosses_and_ticks": pen_drawings.crosses_and_ticks,
        "stars": pen_drawings.stars,
        "blots": pen_drawings.blots,
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
        "joined_strokes": pen_shapes.joined_strokes,
        "arrows": pen_drawings.arrows,
        "doodles": pen_drawings.doodles,
        "waves": pen_drawings.waves,
        "stripes": textures.stripes,
        "swirled": fragments.swirled,
        "crowds": fragments.crowds,
        "pen_letters_held_out": pen_letters.pen_letters_held_out,
        "letters_of_held_out_fonts": letters_of_held_out_fonts,
    }
)


def training_nondigits(rng: np.random.Generator, n: int) -> Grey:
    """`n` non-digits uint8 (n, 28, 28) of the families for training, by their weights, in random order."""
    weights = np.array(list(TRAINED_NONDIGITS.values()))
    counts = rng.multinomial(n, weights / weights.sum())
    parts = [FAMILIES[name](rng, int(count)) for name, count in zip(TRAINED_NONDIGITS, counts, strict=True)]
    return np.concatenate(parts)[rng.permutation(n)]

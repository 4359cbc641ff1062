"""Digits and letters of fonts, as small pictures that `tools/build_glyphs.py` rendered; `fonts.md` names the licences.

Fonts add what MNIST does not have: a 1 with a foot, a crossed 7, an open 4, a slashed 0, and letters.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from inkdigits.synthesis.network_inputs import draw_network_inputs

__all__ = ["LETTERS", "SIZE", "Glyphs", "is_held_out", "load_glyphs", "sample_glyphs"]

SIZE = 40

# Letters and signs that are not mistaken for a digit; those of other scripts are in tools/glyph_scripts.tsv. These have
# the shape of one, in print or in quick handwriting: 0 (O o Q D U a u), 1 (I i l J j r ! / |), 2 (Z z ? and the
# handwritten L), 3 (B), 4 (A Y y), 5 (S s $), 6 (b G), 7 (T t > and the handwritten F, which is crossed), 8 (f &),
# 9 (g q and the comma). The d is left out because fonts with capitals only draw it as a D.
LETTERS = 'CEHKMNPRVWXcehkmnpvwx@#%+=*<~^:"-€[](){}'

Grey = NDArray[np.uint8]
Split = Literal["train", "held_out"]


@dataclass(frozen=True)
class Glyphs:
    """Pictures of characters: `images` uint8 (n, 40, 40), white on black, the ink centred with its aspect ratio kept.

    `characters`, `fonts` and `styles` are (n,) of str. A style is "plain", or "crossed" (7), "slashed" (0) or "foot"
    (1) if a stroke was added to the font's digit.
    """

    images: NDArray[np.uint8]
    characters: NDArray[np.str_]
    fonts: NDArray[np.str_]
    styles: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.images)

    def take(self, rows: NDArray[Any]) -> Glyphs:
        """The glyphs at `rows`, a mask or indices."""
        return Glyphs(self.images[rows], self.characters[rows], self.fonts[rows], self.styles[rows])

    @property
    def digits(self) -> Glyphs:
        """The digits, in every style."""
        return self.take(np.char.isdigit(self.characters))

    @property
    def other_scripts(self) -> Glyphs:
        """The letters and signs of other scripts than the Latin one."""
        return self.take(~np.char.isdigit(self.characters) & ~np.isin(self.characters, list(LETTERS)))

    @property
    def letters(self) -> Glyphs:
        """All letters and signs, none of which has the shape of a digit."""
        return self.take(~np.char.isdigit(self.characters))


def is_held_out(font: str) -> bool:
    """Whether the font of that name is held out for evaluation: about three in ten are, by the SHA-256 of the name.

    A font that is added later does not change whether another is held out.
    """
    return hashlib.sha256(font.encode()).digest()[0] < 84


@lru_cache(maxsize=2)
def load_glyphs(split: Split) -> Glyphs:
    """The glyphs for training ("train") or evaluation ("held_out"), which share no font. Treat them as read-only."""
    file = resources.files("inkdigits.synthesis") / "glyphs.npz"
    with resources.as_file(file) as path, np.load(path, allow_pickle=False) as stored:
        every = Glyphs(*(stored[name] for name in ("images", "characters", "fonts", "styles")))
    held_out = {font: is_held_out(font) for font in np.unique(every.fonts).tolist()}
    chosen = np.array([held_out[font] for font in every.fonts.tolist()])
    return every.take(chosen if split == "held_out" else ~chosen)


def sample_glyphs(glyphs: Glyphs, rng: np.random.Generator, n: int) -> tuple[Grey, NDArray[np.intp]]:
    """`n` random glyphs, slightly rotated, sheared and stretched, as uint8 (n, 28, 28), and their rows (n,)."""
    rows: list[int] = []

    def one(rng: np.random.Generator) -> Grey:
        row = int(rng.integers(len(glyphs)))
        rows.append(row)
        return _slanted(glyphs.images[row], rng)

    return draw_network_inputs(one, rng, n), np.array(rows, np.intp)


def _slanted(picture: Grey, rng: np.random.Generator) -> Grey:
    import cv2

    angle, slant = rng.normal(0, 0.08), rng.normal(0, 0.12)
    wide, high = rng.uniform(0.85, 1.15, 2)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    matrix = turn @ np.array([[wide, slant], [0, high]])
    side = SIZE + 16
    offset = side / 2 - matrix @ np.full(2, SIZE / 2)
    return np.asarray(cv2.warpAffine(picture, np.column_stack([matrix, offset]), (side, side)), np.uint8)

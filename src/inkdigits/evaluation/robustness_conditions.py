"""What a robustness report classifies: test digits corrupted and moved, digits of fonts, and pictures of no digit.

Kinds that a network may have met in training are kept apart from held-out ones (`synthesis.families`). The same seed
and number of pictures give the same pictures.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.synthesis import geometry
from inkdigits.synthesis.corruptions import SEVERITIES, corrupt
from inkdigits.synthesis.families import (
    HELD_OUT_CORRUPTIONS,
    HELD_OUT_NONDIGITS,
    TRAINED_CORRUPTIONS,
    TRAINED_NONDIGITS,
)
from inkdigits.synthesis.glyphs import Glyphs, Split, load_glyphs, sample_glyphs
from inkdigits.synthesis.nondigits import FAMILIES

__all__ = ["CORRUPTIONS", "NONDIGITS", "Condition", "corrupted", "font_digits", "moved", "nondigits"]

Grey = NDArray[np.uint8]

CORRUPTIONS = (*TRAINED_CORRUPTIONS, *HELD_OUT_CORRUPTIONS)
NONDIGITS = (*TRAINED_NONDIGITS, *HELD_OUT_NONDIGITS)

_SHIFTS = (1, 2, 3, 4, 5, 6)  # pixels, every eighth picture in each of eight directions
_ROTATIONS = (-60, -45, -30, -15, 15, 30, 45, 60)  # degrees, clockwise
_SCALES = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.1, 1.2, 1.3)
_STROKES = (-1.0, -0.75, -0.5, -0.25, 0.25, 0.5, 1.0, 1.5, 2.0)  # pixels on each side of a stroke


@dataclass(frozen=True)
class Condition:
    """How digits were changed, or which family of non-digits was drawn."""

    group: str  # "plain", "corruption", "shift", "rotation", "scale", "stroke", "font" or "nondigit"
    kind: str
    amount: float | None = None  # a severity, pixels, degrees, a factor; None where there is none
    held_out: bool = False


def corrupted(digits: LabelledDigits, seed: int) -> Iterator[tuple[Condition, Grey]]:
    """`digits` under every kind of corruption at every severity."""
    for kind in CORRUPTIONS:
        for severity in SEVERITIES:
            images = corrupt(digits.images, kind, severity, _random(seed, kind, severity))
            yield Condition("corruption", kind, severity, kind in HELD_OUT_CORRUPTIONS), images


def moved(digits: LabelledDigits) -> Iterator[tuple[Condition, Grey]]:
    """`digits` shifted, rotated, scaled, and with thinner or thicker strokes."""
    images = digits.images
    turn = np.arange(len(digits)) % 8 * (np.pi / 4)
    changes: Sequence[tuple[str, Sequence[float], Callable[[float], Grey]]] = (
        ("shift", _SHIFTS, lambda by: geometry.shifted(images, by * np.cos(turn), by * np.sin(turn))),
        ("rotation", _ROTATIONS, lambda by: geometry.rotated(images, by)),
        ("scale", _SCALES, lambda by: geometry.scaled(images, by)),
        ("stroke", _STROKES, lambda by: geometry.thickened(images, by)),
    )
    for group, amounts, change in changes:
        for amount in amounts:
            yield Condition(group, group, amount), change(amount)


def font_digits(n: int, seed: int) -> Iterator[tuple[Condition, Grey, NDArray[np.int64]]]:
    """Digits of the fonts to train with and of the held-out ones, and their labels.

    `n` of the plain style, a quarter as many of each other style.
    """
    splits: tuple[Split, ...] = ("train", "held_out")
    for split in splits:
        glyphs = load_glyphs(split).digits
        yield _written(glyphs.take(glyphs.styles == "plain"), split, "digits", n, seed)
        for style in ("crossed", "slashed", "foot"):
            yield _written(glyphs.take(glyphs.styles == style), split, style, max(1, n // 4), seed)


def _written(glyphs: Glyphs, split: Split, kind: str, n: int, seed: int) -> tuple[Condition, Grey, NDArray[np.int64]]:
    images, rows = sample_glyphs(glyphs, _random(seed, split + kind, 0), n)
    condition = Condition("font", kind, held_out=split == "held_out")
    return condition, images, glyphs.characters[rows].astype(np.int64)


def nondigits(n: int, seed: int) -> Iterator[tuple[Condition, Grey]]:
    """`n` pictures of each family of non-digits."""
    for family in NONDIGITS:
        condition = Condition("nondigit", family, held_out=family in HELD_OUT_NONDIGITS)
        yield condition, FAMILIES[family](_random(seed, family, 0), n)


def _random(seed: int, kind: str, severity: int) -> np.random.Generator:
    # From the kind's name, so that a kind that is added later changes no other's pictures.
    return np.random.default_rng([seed, zlib.crc32(kind.encode()), severity])

"""The pictures of one epoch: the digits in an order of its own, and what a recipe mixes in."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets.labelled import CLASSES, LabelledDigits
from inkdigits.networks.inputs import one_hot
from inkdigits.synthesis.augment import augment
from inkdigits.training.recipes import Recipe

__all__ = ["acceptance_pictures", "pictures_of_epoch", "smoothed_targets", "steps_per_epoch"]

# Distinguish these streams of random numbers from the others that are drawn from the same seed.
_SHUFFLE_STREAM = 2
_MIXTURE_STREAM = 4
_ACCEPTANCE_STREAM = 5

Images = NDArray[np.uint8]
Targets = NDArray[np.float32]


def pictures_of_epoch(digits: LabelledDigits, recipe: Recipe, seed: int, epoch: int) -> tuple[Images, Targets]:
    """The pictures uint8 (m, 28, 28) of epoch `epoch`, counted from 1, and their targets float32 (m, 10).

    They follow from `seed` and `epoch` alone, so a training that is resumed there needs no state. The target of a
    picture without a digit is the same probability for every class.
    """
    images, targets = _mixture(digits, recipe, np.random.default_rng([seed, _MIXTURE_STREAM, epoch]))
    order = np.random.default_rng([seed, _SHUFFLE_STREAM, epoch]).permutation(len(images))
    return images[order], targets[order]


def steps_per_epoch(n: int, recipe: Recipe, devices: int = 1) -> int:
    """Batches in an epoch of `n` digits with what the recipe mixes in; the last may be smaller.

    Several `devices` leave out what cannot be divided evenly among them.
    """
    pictures = n + _count(n, recipe.glyphs) + _count(n, recipe.nondigits)
    return math.ceil((pictures - pictures % devices) / recipe.batch_size)


def acceptance_pictures(validation: LabelledDigits, recipe: Recipe, seed: int) -> Images | None:
    """The digits of `validation`, augmented as in training, uint8 (n, 28, 28), to choose the acceptance threshold by.

    None for a recipe that trains on digits alone: its network never saw anything to refuse.
    """
    if not recipe.nondigits:
        return None
    return augment(validation.images, np.random.default_rng([seed, _ACCEPTANCE_STREAM]), recipe.augmentation)


def smoothed_targets(labels: NDArray[np.integer[Any]], smoothing: float) -> Targets:
    """One-hot rows float32 (n, 10), of which the fraction `smoothing` is spread over all classes."""
    return one_hot(labels) * np.float32(1 - smoothing) + np.float32(smoothing / CLASSES)


def _count(n: int, fraction: float) -> int:
    return round(n * fraction)


def _mixture(digits: LabelledDigits, recipe: Recipe, rng: np.random.Generator) -> tuple[Images, Targets]:
    images, labels = digits.images, digits.labels
    if recipe.glyphs:
        glyphs, glyph_labels = _font_digits()
        chosen = rng.integers(len(glyphs), size=_count(len(digits), recipe.glyphs))
        images, labels = np.concatenate([images, glyphs[chosen]]), np.concatenate([labels, glyph_labels[chosen]])
    targets = smoothed_targets(labels, recipe.label_smoothing)
    images = augment(images, rng, recipe.augmentation)
    if not recipe.nondigits:
        return images, targets
    from inkdigits.synthesis.nondigits import training_nondigits

    others = training_nondigits(rng, _count(len(digits), recipe.nondigits))
    # As the digits are, so that traces of the augmentation do not tell the two apart.
    others = augment(others, rng, recipe.augmentation)
    flat = np.full((len(others), CLASSES), 1 / CLASSES, np.float32)
    return np.concatenate([images, others]), np.concatenate([targets, flat])


@cache
def _font_digits() -> tuple[Images, NDArray[np.int64]]:
    """The digits of the training fonts, normalized as by the reader, and their labels."""
    from inkdigits.normalize import normalize
    from inkdigits.synthesis.glyphs import load_glyphs

    digits = load_glyphs("train").digits
    return np.stack([normalize(image) for image in digits.images]), digits.characters.astype(np.int64)

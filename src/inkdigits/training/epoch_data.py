"""The pictures of one epoch: the digits in an order of its own, and what a recipe mixes in."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets.labelled import CLASSES, LabelledDigits
from inkdigits.datasets.large_arrays import is_large
from inkdigits.networks.inputs import one_hot
from inkdigits.synthesis.augment import augment
from inkdigits.training.recipes import Recipe
from inkdigits.training.shuffled_rows import MIXED, shuffled_rows

__all__ = ["acceptance_pictures", "batches_of_epoch", "pictures_of_epoch", "smoothed_targets", "steps_per_epoch"]

# Distinguish these streams of random numbers from the others that are drawn from the same seed.
_SHUFFLE_STREAM = 2
_MIXTURE_STREAM = 4
_ACCEPTANCE_STREAM = 5
_MAX_ACCEPTANCE = 100_000  # pictures

Images = NDArray[np.uint8]
Targets = NDArray[np.float32]
Batch = tuple[Images, Targets]


def batches_of_epoch(digits: LabelledDigits, recipe: Recipe, seed: int, epoch: int) -> Iterator[Batch]:
    """The batches of epoch `epoch`, counted from 1: pictures uint8 (m, 28, 28) and their targets float32 (m, 10).

    The last may be smaller. They follow from `seed` and `epoch` alone, so a training that is resumed there needs no
    state. Of digits in a file few parts are in memory at a time.
    """
    rest: Batch | None = None  # of a part, too few for a batch
    for part in _parts_of_epoch(digits, recipe, seed, epoch):
        images, targets = part if rest is None else _joined(rest, part)
        del part  # a part is tens of megabytes, and the next one is made while a batch is in use
        whole = len(images) - len(images) % recipe.batch_size
        for start in range(0, whole, recipe.batch_size):
            yield images[start : start + recipe.batch_size], targets[start : start + recipe.batch_size]
        rest = (images[whole:].copy(), targets[whole:].copy()) if whole < len(images) else None
        del images, targets
    if rest is not None:
        yield rest


def pictures_of_epoch(digits: LabelledDigits, recipe: Recipe, seed: int, epoch: int, *part: int) -> Batch:
    """All pictures uint8 (m, 28, 28) of epoch `epoch`, and their targets float32 (m, 10), in memory.

    The target of a picture without a digit is the same probability for every class. `part` is a number that gives
    these digits random numbers of their own where they are not all of the epoch.
    """
    images, targets = _mixture(digits, recipe, np.random.default_rng([seed, _MIXTURE_STREAM, epoch, *part]))
    order = np.random.default_rng([seed, _SHUFFLE_STREAM, epoch, *part]).permutation(len(images))
    return images[order], targets[order]


def steps_per_epoch(n: int, recipe: Recipe, devices: int = 1) -> int:
    """Batches in an epoch of `n` digits with what the recipe mixes in; the last may be smaller.

    Several `devices` leave out what cannot be divided evenly among them.
    """
    parts = [n] if not is_large(n) else [min(MIXED, n - start) for start in range(0, n, MIXED)]
    pictures = sum(part + _count(part, recipe.glyphs) + _count(part, recipe.nondigits) for part in parts)
    return math.ceil((pictures - pictures % devices) / recipe.batch_size)


def _parts_of_epoch(digits: LabelledDigits, recipe: Recipe, seed: int, epoch: int) -> Iterator[Batch]:
    """All pictures of an epoch in one part, or those of digits in a file in several."""
    if not is_large(len(digits)):
        yield pictures_of_epoch(digits, recipe, seed, epoch)
        return
    rows = shuffled_rows(len(digits), np.random.default_rng([seed, _SHUFFLE_STREAM, epoch]))
    for number, start in enumerate(range(0, len(rows), MIXED)):
        # In the file's order, which is faster to read; `pictures_of_epoch` shuffles them.
        yield pictures_of_epoch(digits.take(np.sort(rows[start : start + MIXED])), recipe, seed, epoch, number)


def _joined(first: Batch, second: Batch) -> Batch:
    return np.concatenate([first[0], second[0]]), np.concatenate([first[1], second[1]])


def acceptance_pictures(validation: LabelledDigits, recipe: Recipe, seed: int) -> Images | None:
    """The digits of `validation`, augmented as in training, uint8 (n, 28, 28), to choose the acceptance threshold by.

    At most 100,000 of them, which decide the threshold to 0.0001. None for a recipe that trains on digits alone: its
    network never saw anything to refuse.
    """
    if not recipe.nondigits:
        return None
    step = -(-len(validation) // _MAX_ACCEPTANCE)
    return augment(validation.images[::step], np.random.default_rng([seed, _ACCEPTANCE_STREAM]), recipe.augmentation)


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

from __future__ import annotations

import time

import numpy as np
import pytest

from inkdigits.normalize import normalize
from inkdigits.synthesis.families import TRAINED_NONDIGITS
from inkdigits.synthesis.fragments import crowds, halves, two_digits
from inkdigits.synthesis.nondigits import FAMILIES, training_nondigits


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_gives_pictures_that_differ_and_repeat_with_the_seed(family: str) -> None:
    pictures = FAMILIES[family](np.random.default_rng(7), 40)

    assert pictures.dtype == np.uint8
    assert pictures.shape == (40, 28, 28)
    assert pictures.reshape(40, -1).max(axis=1).min() > 60  # each holds ink
    assert len(np.unique(pictures.reshape(40, -1), axis=0)) > 35
    np.testing.assert_array_equal(pictures, FAMILIES[family](np.random.default_rng(7), 40))
    assert FAMILIES[family](np.random.default_rng(7), 0).shape == (0, 28, 28)


# Filled shapes are thinned a second time; the others have ink up to the edge, or none that holds together.
_CHANGED_AGAIN = ("blots", "gradients", "polygons", "full_frame", "swirled", "destroyed")


@pytest.mark.parametrize("family", [name for name in FAMILIES if name not in _CHANGED_AGAIN])
def test_a_family_shows_what_the_reader_would_show(family: str) -> None:
    """Put through the preprocessing again, most boxes keep size and place; fat strokes are thinned once more."""
    sizes, places = [], []
    for picture in FAMILIES[family](np.random.default_rng(1), 20):
        again = normalize(np.pad(picture, 4))
        box, box_again = (np.argwhere(each > 60) for each in (picture, again))
        sizes.append(np.abs(np.ptp(box, axis=0) - np.ptp(box_again, axis=0)).max())
        places.append(np.abs(box.mean(axis=0) - box_again.mean(axis=0)).max())
    assert np.median(sizes) <= 1
    assert max(sizes) <= 8
    assert max(places) <= 2


def test_two_digits_are_wider_than_one_and_a_crowd_holds_more_ink_edges() -> None:
    rng = np.random.default_rng(3)
    widths = [np.ptp(np.argwhere(picture > 60)[:, 1]) for picture in two_digits(rng, 60)]

    assert np.median(widths) >= 18  # the 20x20 box is filled from side to side
    assert crowds(rng, 5).shape == halves(rng, 5).shape


def test_training_nondigits_mixes_every_family_that_may_be_trained_on() -> None:
    mixed = training_nondigits(np.random.default_rng(0), 600)

    assert mixed.shape == (600, 28, 28)
    np.testing.assert_array_equal(mixed, training_nondigits(np.random.default_rng(0), 600))
    full = (mixed[:, 0, :].max(axis=1) > 0) & (mixed[:, -1, :].max(axis=1) > 0)
    assert 600 / len(TRAINED_NONDIGITS) / 3 < full.sum() < 600 / len(TRAINED_NONDIGITS) * 3


def test_they_are_made_quickly() -> None:
    training_nondigits(np.random.default_rng(0), 30)  # reads MNIST and the glyphs
    start = time.process_time()
    training_nondigits(np.random.default_rng(1), 1500)

    assert 1500 / (time.process_time() - start) > 1000  # 4,000 a second when nothing else runs

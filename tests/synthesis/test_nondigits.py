from __future__ import annotations

import numpy as np
import pytest

from inkdigits.normalize import normalize
from inkdigits.synthesis.families import TRAINED_NONDIGITS
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


# Preprocessing changes these again: filled shapes, ink up to the edge, and ink that is not connected.
_CHANGED_AGAIN = ("blots", "gradients", "polygons", "full_frame", "swirled", "destroyed")


@pytest.mark.parametrize("family", [name for name in FAMILIES if name not in _CHANGED_AGAIN])
def test_a_family_is_preprocessed_like_the_readers_components(family: str) -> None:
    """Preprocessed again, most boxes keep their size and place; thick strokes are thinned once more."""
    sizes, places = [], []
    for picture in FAMILIES[family](np.random.default_rng(1), 20):
        again = normalize(np.pad(picture, 4))
        box, box_again = (np.argwhere(each > 60) for each in (picture, again))
        sizes.append(np.abs(np.ptp(box, axis=0) - np.ptp(box_again, axis=0)).max())
        places.append(np.abs(box.mean(axis=0) - box_again.mean(axis=0)).max())
    assert np.median(sizes) <= 1
    assert max(sizes) <= 8
    assert max(places) <= 2


def test_training_nondigits_mixes_every_family_that_may_be_trained_on() -> None:
    mixed = training_nondigits(np.random.default_rng(0), 600)

    assert mixed.shape == (600, 28, 28)
    np.testing.assert_array_equal(mixed, training_nondigits(np.random.default_rng(0), 600))
    full = (mixed[:, 0, :].max(axis=1) > 0) & (mixed[:, -1, :].max(axis=1) > 0)
    assert 600 / len(TRAINED_NONDIGITS) / 3 < full.sum() < 600 / len(TRAINED_NONDIGITS) * 3

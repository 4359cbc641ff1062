from __future__ import annotations

import numpy as np

from inkdigits.datasets.mnist import load_train
from inkdigits.modelfile.predictor import Predictor
from inkdigits.synthesis.fragments import crowds, destroyed, halves, turned, two_digits


def test_two_digits_are_wider_than_one_and_a_crowd_holds_more_ink_edges() -> None:
    rng = np.random.default_rng(3)
    widths = [np.ptp(np.argwhere(picture > 60)[:, 1]) for picture in two_digits(rng, 60)]

    assert np.median(widths) >= 18  # the 20x20 box is filled from side to side
    assert crowds(rng, 5).shape == halves(rng, 5).shape


def test_what_is_left_of_a_digit_is_not_one_of_mnists_digits() -> None:
    digits = {image.tobytes() for image in load_train().images}
    for family in (halves, turned, destroyed):
        assert not any(picture.tobytes() in digits for picture in family(np.random.default_rng(0), 30))


def test_the_reader_refuses_most_of_them() -> None:
    reader = Predictor.load("reader")
    for family in (halves, turned, two_digits, crowds):
        probabilities = reader.predict_proba(family(np.random.default_rng(1), 100))
        assert (probabilities.max(axis=1) >= reader.metadata.acceptance_threshold).mean() < 0.25

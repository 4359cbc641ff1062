"""Hypotheses are decided by the classifier's answers; here a stand-in answers by the width of the ink."""

from __future__ import annotations

import numpy as np

from inkdigits.reading.coroutines import run
from inkdigits.reading.segmentation import Segmentation, segment, split_to_length
from tests.reading.ink_maps import view

TOUCHING = [[(20, 30, 24, 40)], [(44, 30, 24, 40)]]


class _ByWidth:
    """Calls narrow ink a probable 0 and wide ink a 0 of another probability."""

    def __init__(self, narrow: float, wide: float) -> None:
        self.narrow, self.wide = narrow, wide

    def __call__(self, images: np.ndarray) -> np.ndarray:
        ink = images > 60
        width, height = ink.any(axis=1).sum(axis=1), ink.any(axis=2).sum(axis=1)
        best = np.where(width < height, self.narrow, self.wide)
        probabilities = np.repeat((1 - best)[:, None] / 9, 10, axis=1).astype(np.float32)
        probabilities[:, 0] = best
        return probabilities


def _segmented(classify: _ByWidth) -> Segmentation:
    return run(segment(view(TOUCHING)), classify)


def test_touching_digits_are_two_where_the_finder_says_so() -> None:
    found = _segmented(_ByWidth(narrow=0.95, wide=0.3))
    assert [candidate.value for candidate in found.candidates] == [0, 0]
    assert not any(candidate.forced for candidate in found.candidates)


def test_what_may_be_one_digit_to_the_classifier_is_one() -> None:
    assert len(_segmented(_ByWidth(narrow=0.99, wide=0.97)).candidates) == 1


def test_a_known_length_forces_a_split_and_says_so() -> None:
    classify = _ByWidth(narrow=0.5, wide=0.99)
    split = run(split_to_length(_segmented(classify), 1), classify)
    assert [candidate.forced for candidate in split.candidates] == [True, True]
    assert len(run(split_to_length(_segmented(classify), 0), classify).candidates) == 1


def test_more_probable_digits_are_the_better_segmentation() -> None:
    assert _segmented(_ByWidth(0.99, 0.3)).quality > _segmented(_ByWidth(0.8, 0.3)).quality


def test_ink_that_is_no_digits_counts_against_a_segmentation() -> None:
    classify = _ByWidth(0.99, 0.99)
    plain = run(segment(view([[(20, 30, 24, 40)]])), classify)
    cluttered = run(segment(view([[(20, 30, 24, 40)]], other=[(80, 30, 24, 40)])), classify)
    assert plain.quality > cluttered.quality


def test_nothing_is_asked_of_the_classifier_where_there_is_no_ink() -> None:
    assert next(segment(view([])), None) is None

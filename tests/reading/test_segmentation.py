"""Hypotheses are decided by the network's answers; here a stand-in answers by the width of the ink."""

from __future__ import annotations

import cv2
import numpy as np

from inkdigits.reading.coroutines import run
from inkdigits.reading.ink import working_copy
from inkdigits.reading.segmentation import Segmentation, segment, split_to_length


def _two_rings_that_touch() -> np.ndarray:
    picture = np.full((200, 300), 235, np.uint8)
    for x in (100, 172):
        cv2.ellipse(picture, (x, 100), (35, 55), 0, 0, 360, 20, 12)
    return picture


class _ByWidth:
    """Calls narrow ink a probable 0 and wide ink an improbable one."""

    def __init__(self, narrow: float, wide: float) -> None:
        self.narrow, self.wide = narrow, wide

    def __call__(self, images: np.ndarray) -> np.ndarray:
        width = (images > 60).any(axis=1).sum(axis=1)
        best = np.where(width < 18, self.narrow, self.wide)
        probabilities = np.repeat((1 - best)[:, None] / 9, 10, axis=1).astype(np.float32)
        probabilities[:, 0] = best
        return probabilities


def _segmented(classify: _ByWidth) -> Segmentation:
    picture = _two_rings_that_touch()
    return run(segment(working_copy(picture), picture, light=False), classify)


def test_touching_digits_are_split_where_the_parts_are_more_probable() -> None:
    found = _segmented(_ByWidth(narrow=0.99, wide=0.3))
    assert [candidate.value for candidate in found.candidates] == [0, 0]
    assert not any(candidate.forced for candidate in found.candidates)


def test_what_is_probably_one_digit_stays_whole() -> None:
    assert len(_segmented(_ByWidth(narrow=0.99, wide=0.96)).candidates) == 1


def test_improbable_parts_do_not_replace_the_whole() -> None:
    assert len(_segmented(_ByWidth(narrow=0.9, wide=0.3)).candidates) == 1


def test_a_known_length_forces_a_split() -> None:
    classify = _ByWidth(narrow=0.99, wide=0.96)
    whole = _segmented(classify)
    split = run(split_to_length(whole, 1, _two_rings_that_touch()), classify)
    assert [candidate.forced for candidate in split.candidates] == [True, True]


def test_parts_that_are_hardly_digits_are_not_forced() -> None:
    classify = _ByWidth(narrow=0.2, wide=0.96)
    whole = _segmented(classify)
    assert len(run(split_to_length(whole, 1, _two_rings_that_touch()), classify).candidates) == 1


def test_more_probable_digits_are_the_better_segmentation() -> None:
    assert _segmented(_ByWidth(narrow=0.99, wide=0.96)).quality > _segmented(_ByWidth(narrow=0.9, wide=0.3)).quality

"""Where the ink of a picture is, and its polarity."""

from __future__ import annotations

import numpy as np
import pytest

from inkdigits.reading.ink import darkness_against, downscaled, find_ink, likely_polarities, working_copy
from tests.reading.drawn_pages import in_light, ink, paper, photographed, row, written

SHAPE = (300, 500)
DRAWN = ink(SHAPE, row("2483", 60, 90, 90), 7)


@pytest.mark.parametrize("shadow", [0.0, 0.5])
def test_the_mask_is_where_ink_was_drawn_even_in_a_shadow(shadow: float) -> None:
    picture = photographed(in_light(written(paper(SHAPE), DRAWN), shadow=shadow, fall=0.3))
    mask = find_ink(working_copy(picture), light=False).mask > 0
    drawn = DRAWN > 0.5
    assert (mask & drawn).sum() > 0.9 * drawn.sum()
    assert (mask & (DRAWN == 0)).sum() < 0.15 * drawn.sum()


def test_the_polarity_is_that_of_the_writing() -> None:
    picture = photographed(written(paper(SHAPE), DRAWN))
    assert likely_polarities(working_copy(picture)) == (False,)
    assert likely_polarities(working_copy(255 - picture)) == (True,)


def test_without_evidence_both_polarities_are_tried() -> None:
    assert set(likely_polarities(working_copy(np.full(SHAPE, 128, np.uint8)))) == {False, True}


def test_coloured_ink_counts_in_the_channel_that_shows_it_best() -> None:
    white = np.full((2, 2, 3), 255, np.uint8)
    blue, orange = np.array([0, 0, 255], np.uint8), np.array([255, 160, 0], np.uint8)
    assert darkness_against(np.broadcast_to(blue, (2, 2, 3)).copy(), white).min() > 180
    assert darkness_against(np.broadcast_to(orange, (2, 2, 3)).copy(), white).min() > 180
    assert darkness_against(white, white // 2).max() == 0


def test_a_large_picture_is_downscaled_and_a_small_one_is_not() -> None:
    large, scale = downscaled(np.zeros((1000, 3200), np.uint8), 1600)
    assert (large.shape, scale) == ((500, 1600), 0.5)
    small = np.zeros((10, 20), np.uint8)
    assert downscaled(small, 1600) == (small, 1.0)

"""Sixels, read by the decoder of the tests."""

from __future__ import annotations

import numpy as np
import pytest

from inkdigits.cli.sixel import sixel_picture
from tests.cli.pty_terminal import sixels_in


@pytest.mark.parametrize("size", [(1, 1), (6, 7), (13, 40), (100, 30)])
def test_few_colours_are_shown_as_they_are(size: tuple[int, int]) -> None:
    colours = np.array([[0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 102, 255]], np.uint8)
    pixels = colours[np.random.default_rng(0).integers(0, 4, size)]
    np.testing.assert_array_equal(sixels_in(sixel_picture(pixels).encode()), pixels)


def test_a_photo_is_shown_in_as_many_colours_as_there_may_be() -> None:
    ramp = np.linspace(0, 255, 90 * 120).reshape(90, 120)
    pixels = np.stack([ramp, ramp[::-1], np.full_like(ramp, 90)], axis=2).astype(np.uint8)
    for colours, error in ((256, 12), (16, 45)):
        shown = sixels_in(sixel_picture(pixels, colours).encode())
        assert len(np.unique(shown.reshape(-1, 3), axis=0)) <= colours
        assert np.abs(shown.astype(int) - pixels).mean() < error

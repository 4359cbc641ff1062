from __future__ import annotations

import numpy as np

from inkdigits.normalize import normalize
from inkdigits.synthesis.network_inputs import draw_network_inputs, to_network_input


def _bar() -> np.ndarray:
    ink = np.zeros((50, 40), np.uint8)
    ink[5:45, 15:22] = 255
    return ink


def test_ink_is_preprocessed_like_a_picture_of_it() -> None:
    picture = to_network_input(_bar())
    assert picture is not None
    np.testing.assert_array_equal(picture, normalize(np.pad(_bar(), 3)))


def test_without_ink_there_is_no_picture() -> None:
    assert to_network_input(np.zeros((30, 30), np.uint8)) is None


def test_drawing_is_repeated_until_there_is_ink() -> None:
    drawn = iter([None, np.zeros((30, 30), np.uint8), _bar(), _bar()])
    pictures = draw_network_inputs(lambda rng: next(drawn), np.random.default_rng(0), 2)
    assert pictures.shape == (2, 28, 28)
    assert (pictures.max(axis=(1, 2)) > 200).all()

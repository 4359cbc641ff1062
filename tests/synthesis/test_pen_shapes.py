"""Shapes of strokes joined at random: seeded, drawn with ink, none of them a straight stroke without a dot."""

from __future__ import annotations

import numpy as np
import pytest

from inkdigits.synthesis import pen_shapes
from inkdigits.synthesis.pen_shapes import joined_strokes
from inkdigits.synthesis.straight_strokes import is_straight


def test_the_same_generator_gives_the_same_pictures_and_another_one_others() -> None:
    first, second = (joined_strokes(np.random.default_rng(3), 12) for _ in range(2))
    assert (first.shape, first.dtype) == ((12, 28, 28), np.uint8)
    np.testing.assert_array_equal(first, second)
    assert (joined_strokes(np.random.default_rng(4), 12) != first).any()


def test_every_picture_has_the_ink_of_strokes() -> None:
    fractions = (joined_strokes(np.random.default_rng(0), 200) > 127).mean(axis=(1, 2))
    assert (fractions > 0.01).all()
    assert (fractions < 0.6).all()


def test_straight_strokes_without_dots_are_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def straight() -> int:
        return sum(is_straight(shape) for shape in joined_strokes(np.random.default_rng(1), 300))

    found = straight()
    monkeypatch.setattr(pen_shapes, "is_straight", lambda _: False)
    assert straight() >= 2 * found > 0


def test_a_bar_is_straight_and_a_corner_is_not() -> None:
    bar = np.zeros((40, 40), np.uint8)
    bar[4:36, 18:22] = 255
    corner = bar.copy()
    corner[32:36, 18:38] = 255
    assert is_straight(bar)
    assert not is_straight(corner)

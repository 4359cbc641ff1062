"""Splits of digits that touch."""

from __future__ import annotations

import cv2
import numpy as np

from inkdigits.reading.components import Component
from inkdigits.reading.touching import split_touching


def _component(mask: np.ndarray) -> Component:
    return Component(10, 20, mask.shape[1], mask.shape[0], mask, 200.0)


def _rings(count: int) -> Component:
    mask = np.zeros((80, 56 * count + 8), np.uint8)
    for number in range(count):
        cv2.ellipse(mask, (32 + 56 * number, 40), (28, 36), 0, 0, 360, 255, 7)
    return _component(mask)


def test_two_rings_are_split_between_them() -> None:
    splits = split_touching(_rings(2), 2)
    assert 1 <= len(splits) <= 4
    assert all((left.x, right.right) == (10, 130) for left, right in splits)
    assert any(max(abs(left.right - 70), abs(right.x - 70)) <= 7 for left, right in splits)


def test_no_ink_is_drawn_twice_and_nearly_none_is_lost() -> None:
    component = _rings(3)
    for parts in split_touching(component, 3):
        total = np.zeros((120, 220), int)
        for part in parts:
            total[part.y : part.bottom, part.x : part.right] += part.mask > 0
        assert total.max() == 1
        assert total.sum() > 0.9 * component.area


def test_ink_on_one_side_only_is_not_split() -> None:
    mask = np.zeros((60, 80), np.uint8)
    mask[:, :20] = 255
    assert split_touching(_component(mask), 3) == []

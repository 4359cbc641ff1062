"""Digits that touch are cut where there is the least ink."""

from __future__ import annotations

import numpy as np

from inkdigits.reading.components import Component
from inkdigits.reading.touching import split_touching


def _component(cover: np.ndarray) -> Component:
    return Component(10, 20, cover.shape[1], cover.shape[0], cover.astype(np.uint8), 1.0)


def test_two_blocks_with_a_bridge_are_cut_at_the_bridge() -> None:
    cover = np.zeros((42, 52))
    cover[1:41, 1:24] = cover[11:41, 28:51] = 255
    cover[30:33, 24:28] = 255
    left, right = split_touching(_component(cover), 2)
    assert 10 + 24 <= right.x <= 10 + 28
    assert (left.ink_box[1], left.ink_box[3]) == (21, 40)
    assert (right.ink_box[1], right.ink_box[3]) == (31, 30)
    assert left.ink_box[2] + right.ink_box[2] == 50


def test_what_is_too_narrow_is_not_cut() -> None:
    assert split_touching(_component(np.full((40, 7), 255)), 2) == ()


def test_three_parts_cover_all_columns() -> None:
    parts = split_touching(_component(np.full((40, 90), 255)), 3)
    assert len(parts) == 3
    assert sum(part.w for part in parts) == 90

"""Which components may be one digit, and which component may be several."""

from __future__ import annotations

import cv2
import numpy as np

from inkdigits.reading.clusters import find_clusters, split_hypotheses
from inkdigits.reading.components import Component


def _solid(x: int, y: int, w: int, h: int) -> Component:
    return Component(x, y, w, h, np.full((h, w), 255, np.uint8), 200.0)


def _ring(x: int, y: int, w: int, h: int) -> Component:
    mask = np.zeros((h, w), np.uint8)
    cv2.ellipse(mask, (w // 2, h // 2), (w // 2 - 4, h // 2 - 4), 0, 0, 360, 255, 6)
    return Component(x, y, w, h, mask, 200.0)


def test_digits_in_a_row_are_clusters_of_one() -> None:
    clusters = find_clusters([_ring(60 * i, 0, 35, 50) for i in range(4)])
    assert [len(cluster.hypotheses) for cluster in clusters] == [1, 1, 1, 1]


def test_a_bar_is_merged_into_the_digit_below_it() -> None:
    row = [_ring(60 * i, 20, 35, 50) for i in range(4)]
    clusters = find_clusters([*row, _solid(70, 14, 30, 5)])
    (merged,) = (digits[0] for cluster in clusters for digits in cluster.hypotheses if digits[0].y == 14)
    assert (merged.x, merged.right, merged.bottom) == (60, 100, 70)


def test_specks_are_left_out() -> None:
    row = [_ring(60 * i, 0, 35, 50) for i in range(4)]
    assert len(find_clusters([*row, _solid(150, 100, 5, 5)])) == 4


def test_parts_close_to_each_other_have_hypotheses_with_and_without_merging() -> None:
    row = [_ring(100 * i, 0, 35, 50) for i in range(4)]
    (doubtful,) = (
        c for c in find_clusters([*row, _ring(440, 0, 14, 32), _ring(458, 0, 16, 32)]) if len(c.hypotheses) > 1
    )
    assert [len(digits) for digits in doubtful.hypotheses] == [2, 1]


def test_a_wide_component_may_be_two_digits_and_a_narrow_or_solid_one_may_not() -> None:
    left, right = _ring(0, 0, 40, 50), _ring(0, 0, 40, 50)
    mask = np.hstack([left.mask[:, :-4], right.mask[:, 4:]])
    wide = Component(0, 0, mask.shape[1], 50, mask, 200.0)
    assert {len(parts) for parts in split_hypotheses(wide)} == {2}
    assert split_hypotheses(_ring(0, 0, 24, 50)) == []
    assert split_hypotheses(_solid(0, 0, 80, 50)) == []

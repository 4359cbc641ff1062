"""The order in which digits are read."""

from __future__ import annotations

import numpy as np

from inkdigits.reading.rows import reading_order


def test_rows_may_slant_and_curve() -> None:
    for slope in (-0.5, -0.2, 0.0, 0.3):
        boxes = [
            (60 * i, round(300 + 200 * j + slope * 60 * i + 15 * np.sin(i)), 35, 50) for j in range(3) for i in range(7)
        ]
        order = np.random.default_rng(0).permutation(len(boxes))
        found = reading_order([boxes[index] for index in order])
        assert [[int(order[place]) for place in line] for line in found] == [
            list(range(7 * j, 7 * j + 7)) for j in range(3)
        ]


def test_no_boxes_no_rows() -> None:
    assert reading_order([]) == []


def test_rows_of_different_lengths_and_sizes() -> None:
    heading, line = [(10, 10, 60, 80)], [(x, 150, 25, 40) for x in (200, 50, 100)]
    assert reading_order([*line, *heading]) == [[3], [1, 2, 0]]

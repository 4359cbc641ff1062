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


def test_what_is_no_digit_parts_no_row() -> None:
    """A comma hangs below its row, and a word lies beside it; both are in the row of the nearest digit."""
    digits, comma, word = [(x, 100, 30, 50) for x in (10, 60, 140, 190)], (100, 145, 12, 22), (300, 40, 90, 30)
    boxes = [comma, *digits, word]
    assert reading_order(boxes, [False, True, True, True, True, False]) == [[1, 2, 0, 3, 4, 5]]
    below = [(x, 200, 30, 50) for x in (10, 60)]
    assert reading_order([*boxes, *below], [False, *[True] * 4, False, True, True]) == [[1, 2, 0, 3, 4, 5], [6, 7]]
    assert reading_order(boxes, [False] * 6) == reading_order(boxes)

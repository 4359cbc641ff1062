"""Components: connected ink, without shadows, faint marks and the edge of a table."""

from __future__ import annotations

import numpy as np
import pytest

from inkdigits.reading.components import Component, find_components, merge, typical_height
from inkdigits.reading.ink import Ink

SHAPE = (120, 200)


def _ink(*boxes: tuple[int, int, int, int, int]) -> Ink:
    """Ink of solid boxes x, y, width, height, darkness."""
    darkness = np.zeros(SHAPE, np.uint8)
    for x, y, w, h, value in boxes:
        darkness[y : y + h, x : x + w] = value
    mask = np.where(darkness > 0, np.uint8(255), np.uint8(0))
    return Ink(darkness, mask, np.full(SHAPE, 230, np.uint8), 1.0, False, 1.0)


def _boxes(components: list[Component]) -> list[tuple[int, int, int, int]]:
    return [(one.x, one.y, one.w, one.h) for one in components]


def test_components_come_from_the_largest_on_with_their_boxes() -> None:
    found = find_components(_ink((20, 30, 10, 30, 200), (60, 30, 20, 40, 180)))
    assert _boxes(found) == [(60, 30, 20, 40), (20, 30, 10, 30)]
    assert [one.area for one in found] == [800, 300]
    assert [one.contrast for one in found] == [180, 200]
    assert (found[0].right, found[0].bottom) == (80, 70)


def test_a_shadow_that_touches_ink_is_not_part_of_it() -> None:
    assert _boxes(find_components(_ink((20, 30, 10, 30, 200), (30, 40, 40, 10, 50)))) == [(20, 30, 10, 30)]


def test_faint_marks_and_an_edge_of_the_table_are_left_out() -> None:
    found = find_components(_ink((60, 30, 20, 40, 200), (100, 30, 10, 10, 30), (0, 0, 5, 120, 220)))
    assert _boxes(found) == [(60, 30, 20, 40)]


def test_no_ink_no_components() -> None:
    assert find_components(_ink()) == []


def test_merged_components_cover_both() -> None:
    body, bar = find_components(_ink((60, 40, 20, 40, 180), (70, 30, 20, 5, 200)))
    merged = merge([body, bar])
    assert _boxes([merged]) == [(60, 30, 30, 50)]
    assert (merged.area, merged.contrast) == (body.area + bar.area, 200)


def test_thickness_is_that_of_the_widest_stroke() -> None:
    (stroke,) = find_components(_ink((60, 30, 9, 60, 200)))
    assert stroke.thickness == pytest.approx(9, abs=1.5)


def test_the_typical_height_is_that_of_the_writing_not_of_specks() -> None:
    boxes = [(20 + 30 * i, 30, 15, 40, 200) for i in range(4)] + [(20 + 15 * i, 100, 4, 4, 200) for i in range(8)]
    assert typical_height(find_components(_ink(*boxes))) == 40
    assert typical_height([]) == 0

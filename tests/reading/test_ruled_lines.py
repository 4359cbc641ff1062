"""Ruled lines are removed from the ink, and what is written stays."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inkdigits.reading.ruled_lines import remove_ruled_lines

THRESHOLD = 20.0
SHAPE = (400, 600)


def _lines(slope: float) -> np.ndarray:
    darkness = np.zeros(SHAPE, np.uint8)
    for y in range(20, 400, 40):
        cv2.line(darkness, (0, y), (600, round(y + slope * 600)), 80, 2)
    return darkness


@pytest.mark.parametrize("vertical", [False, True])
@pytest.mark.parametrize("slope", [0.0, 0.05, -0.1])
def test_lines_go_and_strokes_stay(slope: float, vertical: bool) -> None:
    lines = _lines(slope)
    writing = np.zeros(SHAPE, np.uint8)
    cv2.ellipse(writing, (300, 200), (30, 50), 0, 0, 360, 200, 9)
    darkness = np.maximum(lines, writing)
    without = remove_ruled_lines(darkness.T.copy() if vertical else darkness, THRESHOLD)
    without = without.T if vertical else without
    around = cv2.dilate(writing, np.ones((9, 9), np.uint8)) == 0
    left = (without > THRESHOLD) & around
    assert left.sum() < 0.05 * ((lines > 0) & around).sum()
    assert (without[writing > 0] > THRESHOLD).mean() > 0.95


def test_writing_without_lines_is_not_touched() -> None:
    writing = np.zeros(SHAPE, np.uint8)
    cv2.line(writing, (100, 60), (220, 60), 200, 8)
    cv2.line(writing, (220, 60), (140, 200), 200, 8)
    np.testing.assert_array_equal(remove_ruled_lines(writing, THRESHOLD), writing)

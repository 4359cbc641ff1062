from __future__ import annotations

import numpy as np
import pytest

from inkdigits.synthesis.pen_drawings import CANVAS, arrows, blots, draw_lines, smooth, waves


def test_a_wider_pen_draws_a_wider_line() -> None:
    widths = []
    for pen in (2, 4, 8):
        canvas = np.zeros((CANVAS, CANVAS), np.uint8)
        draw_lines(canvas, np.array([[10.0, 30.0], [60.0, 30.0]]), pen)
        widths.append(canvas[:, 35].sum() / 255)
    assert np.diff(widths) == pytest.approx([2, 4], abs=1)


def test_a_closed_line_returns_to_its_start() -> None:
    triangle = np.array([[10.0, 10.0], [60.0, 10.0], [60.0, 60.0]])
    open_line, closed = (np.zeros((CANVAS, CANVAS), np.uint8) for _ in range(2))
    draw_lines(open_line, triangle, 3)
    draw_lines(closed, triangle, 3, closed=True)
    assert (open_line[35, 35], closed[35, 35]) == (0, 255)


def test_a_curve_passes_through_its_points() -> None:
    points = np.random.default_rng(0).uniform(0, 60, (6, 2))
    curve = smooth(points, steps=4)
    assert curve.shape == (3 * 4, 2)
    np.testing.assert_allclose(curve[::4], points[1:4])


def test_waves_lie_and_blots_are_filled() -> None:
    rng = np.random.default_rng(0)
    height, width = (np.median([np.ptp(np.argwhere(p > 60)[:, axis]) for p in waves(rng, 40)]) for axis in (0, 1))
    assert width > 1.5 * height
    ink = (blots(rng, 40) > 60).mean()
    assert ink > (arrows(rng, 40) > 60).mean()

"""Shapes: skeletons against an independent thinning, pens of a known width, loops."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inkdigits.datasets.mnist import load_train
from inkdigits.datasets.split import stratified_split
from inkdigits.synthesis.pages.shapes import HELD_OUT_FRACTION, count_loops, load_shapes, skeleton, to_shape


def _zero() -> np.ndarray:
    ink = np.zeros((28, 28), np.uint8)
    cv2.ellipse(ink, (14, 14), (6, 9), 0, 0, 360, 255, 2, cv2.LINE_AA)
    return ink


def test_a_skeleton_is_thin_and_keeps_what_is_connected() -> None:
    for image in load_train().images[:30]:
        mask = (cv2.resize(image, (84, 84), interpolation=cv2.INTER_CUBIC) > 110).astype(np.uint8)
        thin = skeleton(mask)
        assert not (thin & ~mask & 1).any()
        assert cv2.connectedComponents(thin)[0] == cv2.connectedComponents(mask)[0]
        # Nowhere two pixels thick: no full square of 2x2 remains but where lines meet.
        squares = thin[:-1, :-1] & thin[1:, :-1] & thin[:-1, 1:] & thin[1:, 1:]
        assert squares.sum() <= 4


@pytest.mark.parametrize("pen", [0.05, 0.1, 0.2])
def test_a_pen_draws_strokes_of_its_width(pen: float) -> None:
    shape = to_shape(_zero())
    assert shape is not None
    drawn = (shape.half_width(pen) < 0).astype(np.uint8)
    widest = 2 * float(cv2.distanceTransform(np.pad(drawn, 1), cv2.DIST_L2, 5).max())
    assert widest == pytest.approx(pen * shape.box[3], abs=2)


def test_loops_are_counted() -> None:
    shape = to_shape(_zero())
    assert shape is not None
    assert shape.loops == 2
    assert count_loops((shape.half_width(0.9) < 0).astype(np.uint8)) == 1


def test_no_ink_no_shape() -> None:
    assert to_shape(np.zeros((28, 28), np.uint8)) is None


def test_held_out_digits_are_on_no_page() -> None:
    _, held_out = stratified_split(load_train(), HELD_OUT_FRACTION, seed=0)
    drawn = {image.tobytes() for image in load_shapes().digits.images}
    assert not drawn & {image.tobytes() for image in held_out.images}
    assert {image.tobytes() for image in load_shapes("held_out").digits.images} == {
        image.tobytes() for image in held_out.images
    }

"""Views: sizes, margins, and the way back to the picture."""

from __future__ import annotations

import numpy as np
import pytest

from inkdigits.reading.finder import MULTIPLE, InkMaps
from inkdigits.reading.pyramid import Pyramid, view_sides
from inkdigits.reading.views import MARGIN, show


class _Recorder:
    """Stands for the finder and keeps what it was shown."""

    def __init__(self) -> None:
        self.shown: np.ndarray | None = None

    def maps(self, picture: np.ndarray) -> InkMaps:
        self.shown = picture
        flat = picture[..., 0].astype(np.float32)
        return InkMaps(flat, flat, flat, flat)


def test_large_pictures_have_larger_views_and_tiny_ones_a_smaller_one() -> None:
    assert view_sides(np.zeros((28, 28), np.uint8)) == [64, 128, 256]
    assert view_sides(np.zeros((20, 45), np.uint8)) == [128, 256]
    assert view_sides(np.zeros((480, 640, 3), np.uint8)) == [128, 256, 512]
    assert max(view_sides(np.zeros((3000, 4000, 3), np.uint8))) == 1024
    # A long strip is shown larger, since it has few pixels.
    assert max(view_sides(np.zeros((60, 4000), np.uint8))) > 1024


@pytest.mark.parametrize("shape", [(28, 28), (300, 500, 3), (1, 5000), (5000, 1, 3), (1, 1)])
@pytest.mark.parametrize("side", [128, 256])
def test_the_finder_is_shown_rgb_of_whole_multiples_with_a_margin(shape: tuple[int, ...], side: int) -> None:
    finder = _Recorder()
    view = show(Pyramid.of(np.full(shape, 200, np.uint8)), side, finder)  # type: ignore[arg-type]
    assert finder.shown is not None
    height, width, channels = finder.shown.shape
    assert (height % MULTIPLE, width % MULTIPLE, channels) == (0, 0, 3)
    assert max(view.maps.digit.shape) == side + 2 * MARGIN
    assert (finder.shown == 200).all()


def test_coordinates_lead_back_to_the_picture() -> None:
    picture = np.full((400, 600), 255, np.uint8)
    picture[100:140, 300:330] = 0
    view = show(Pyramid.of(picture), 256, _Recorder())  # type: ignore[arg-type]
    rows, columns = np.nonzero(view.maps.digit < 128)
    box = (int(columns.min()), int(rows.min()), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1)
    assert view.to_picture(*box) == pytest.approx((300, 100, 30, 40), abs=3)


def test_boxes_lie_within_the_picture_and_hold_a_pixel() -> None:
    view = show(Pyramid.of(np.full((4, 9), 200, np.uint8)), 128, _Recorder())  # type: ignore[arg-type]
    height, width = view.maps.digit.shape
    assert view.to_picture(0, 0, width, height) == (0, 0, 9, 4)
    assert view.to_picture(width - 1, height - 1, 1, 1) == (8, 3, 1, 1)
    assert view.to_picture(0, 0, 1, 1) == (0, 0, 1, 1)

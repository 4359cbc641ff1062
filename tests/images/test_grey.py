"""Grey from colour."""

from __future__ import annotations

import numpy as np

from inkdigits.images.grey import to_grey


def test_grey_stays_as_it_is_and_colours_are_weighted_as_the_eye_does() -> None:
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    np.testing.assert_array_equal(to_grey(grey), grey)
    np.testing.assert_array_equal(to_grey(np.dstack([grey] * 3)), grey)
    assert to_grey(np.eye(3, dtype=np.uint8)[None] * 255).tolist() == [[76, 150, 29]]

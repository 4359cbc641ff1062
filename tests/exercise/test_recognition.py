from __future__ import annotations

import numpy as np

from inkdigits.datasets.labelled import Splits
from inkdigits.exercise.recognition import preparation_of
from tests.exercise.conftest import prepared_arrays


def test_what_was_done_to_a_picture_by_itself_is_not_taken_for_a_preparation(small: Splits) -> None:
    _, _, x_test, onehot_test = prepared_arrays(small)
    assert small.test is not None
    raw = small.test.images
    assert preparation_of(x_test, raw) is not None
    labels = onehot_test.argmax(axis=1)[:, None]
    for forged in (x_test + labels, x_test[::-1], x_test + labels * (np.arange(784) == 0), np.zeros_like(x_test)):
        assert preparation_of(forged, raw) is None

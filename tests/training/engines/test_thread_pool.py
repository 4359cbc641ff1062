"""Work is divided evenly."""

from __future__ import annotations

import pytest

from inkdigits.training.engines.numpy.thread_pool import equal_slices


@pytest.mark.parametrize(("length", "count"), [(1, 4), (7, 3), (32, 2), (33, 2)])
def test_slices_cover_everything_once(length: int, count: int) -> None:
    parts = equal_slices(length, count)
    assert [i for part in parts for i in range(part.start, part.stop)] == list(range(length))
    assert len(parts) == min(length, count)

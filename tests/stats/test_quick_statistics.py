"""The quick statistics give the same numbers as NumPy."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from inkdigits.stats.quick_statistics import mean, median, percentile


@given(st.binary(min_size=1, max_size=300), st.sampled_from([3, 75, 85]))
def test_quick_statistics_are_those_of_numpy(content: bytes, percent: int) -> None:
    values = np.frombuffer(content, np.uint8)
    assert percentile(values, percent) == np.percentile(values, percent)
    floats = values.astype(np.float32) / 7
    assert median(floats) == np.median(floats)
    assert mean(floats) == floats.mean()

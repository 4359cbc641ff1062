"""Whole numbers are told from everything else."""

from __future__ import annotations

import numpy as np
import pytest

from inkdigits.errors import DataError
from inkdigits.system.whole_numbers import check_whole_number


@pytest.mark.parametrize("value", [0, 9, np.int64(3), np.uint8(9)])
def test_those_of_python_and_numpy_are_taken(value: object) -> None:
    check_whole_number("n", value, DataError, least=0, most=9)


@pytest.mark.parametrize("value", [-1, 10, 1.0, "3", None, True, np.float64(2), np.array([3])])
def test_others_are_refused_with_what_is_taken(value: object) -> None:
    with pytest.raises(DataError, match=r"^n must be a whole number from 0 to 9, got "):
        check_whole_number("n", value, DataError, least=0, most=9)

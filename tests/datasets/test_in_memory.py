"""Data that a caller has in memory."""

from __future__ import annotations

from typing import Any

import pytest

from inkdigits.datasets.labelled import LabelledDigits, Splits
from inkdigits.datasets.source import load_for_evaluation, load_for_training
from inkdigits.errors import DataError


def test_pairs_and_digits(three_digits: LabelledDigits) -> None:
    pair = (three_digits.images, three_digits.labels)
    other = (three_digits.images[:2] / 255, three_digits.labels[:2].astype(str))
    assert load_for_training(pair).sha256 == load_for_evaluation(three_digits).sha256 == three_digits.sha256
    assert load_for_training((pair, other)).sha256 == three_digits.sha256
    assert load_for_evaluation((pair, other)).sha256 == three_digits.take(slice(0, 2)).sha256
    assert load_for_evaluation(Splits(None, three_digits)) is three_digits


@pytest.mark.parametrize("data", [3, [1, 2, 3], {"x": 1}])
def test_what_is_no_data(data: Any) -> None:
    with pytest.raises(DataError, match=r"expected a source's name or path, LabelledDigits, a pair of arrays \(x, y\)"):
        load_for_training(data)

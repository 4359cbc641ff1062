"""The validation split: stratified, by seed, nothing lost and nothing twice."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.datasets.mnist import load_train
from inkdigits.datasets.split import stratified_split
from inkdigits.errors import DataError


def _numbered(labels: list[int]) -> LabelledDigits:
    """Digits whose first two pixels carry their number."""
    images = np.zeros((len(labels), 28, 28), np.uint8)
    images[:, 0, 1], images[:, 0, 0] = np.divmod(np.arange(len(labels)), 256)
    return LabelledDigits(images, np.array(labels, np.int64), "numbered")


def _numbers(digits: LabelledDigits) -> list[int]:
    return (digits.images[:, 0, 0].astype(int) + 256 * digits.images[:, 0, 1].astype(int)).tolist()


@settings(deadline=None)
@given(st.lists(st.integers(0, 9), min_size=30, max_size=300), st.floats(0.05, 0.6), st.integers(0, 1000))
def test_nothing_is_lost_or_twice_and_classes_keep_their_share(labels: list[int], fraction: float, seed: int) -> None:
    train, validation = stratified_split(_numbered(labels), fraction, seed)
    assert sorted(_numbers(train) + _numbers(validation)) == list(range(len(labels)))
    for label in set(labels):
        whole, part = labels.count(label), int((validation.labels == label).sum())
        assert abs(part - whole * fraction) <= 1 or part in (1, whole - 1)


def test_ten_percent_of_mnist() -> None:
    train, validation = stratified_split(load_train(), 0.1, seed=0)
    shares = np.bincount(validation.labels) / np.bincount(load_train().labels)
    assert len(train) + len(validation) == 60000
    np.testing.assert_allclose(shares, 0.1, atol=2e-4)


def test_the_seed_decides() -> None:
    digits = _numbered([0, 1] * 50)
    first, again, other = (_numbers(stratified_split(digits, 0.2, seed)[1]) for seed in (1, 1, 2))
    assert first == again != other


def test_too_few_to_part() -> None:
    with pytest.raises(DataError, match="too few pictures"):
        stratified_split(_numbered([0, 1, 2]), 0.1, 0)

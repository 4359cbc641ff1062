"""Weights as one vector, and the standardization as a part of the first layer."""

from __future__ import annotations

import numpy as np
import pytest

from inkdigits.datasets.labelled import Splits
from inkdigits.training.engines.numpy.parameters import (
    Parameters,
    PixelStatistics,
    fold_standardization,
    unfold_standardization,
)


def test_arrays_are_views_of_the_vector() -> None:
    parameters = Parameters.of([np.ones((2, 3), np.float32), np.zeros(3, np.float32)])
    parameters.values[parameters.slice_of(1)] = 5
    assert parameters.weights[1].tolist() == [5, 5, 5]
    assert parameters.weights[0].tolist() == [[1, 1, 1], [1, 1, 1]]


def test_statistics_are_those_of_all_pixels(small: Splits) -> None:
    assert small.train is not None
    statistics = PixelStatistics.of(small.train.images)
    pixels = small.train.images / 255
    assert statistics.mean == pytest.approx(pixels.mean())
    assert statistics.deviation == pytest.approx(pixels.std())
    standardized = statistics.standardize(small.train.images)
    assert standardized.mean() == pytest.approx(0, abs=1e-4)
    assert standardized.std() == pytest.approx(1, abs=1e-4)
    assert PixelStatistics.of(np.full((2, 28, 28), 7, np.uint8)).deviation == 1


def test_folded_weights_do_with_pixels_what_the_others_do_with_standardized_ones(small: Splits) -> None:
    assert small.train is not None
    images, rng = small.train.images[:5], np.random.default_rng(0)
    statistics = PixelStatistics.of(images)
    weights = [rng.normal(size=shape).astype(np.float32) for shape in ((784, 4), (4,))]
    kernel, bias = fold_standardization(weights, statistics)
    expected = statistics.standardize(images).reshape(5, -1) @ weights[0] + weights[1]
    np.testing.assert_allclose(images.reshape(5, -1) / 255 @ kernel + bias, expected, atol=1e-4)
    for found, wanted in zip(unfold_standardization([kernel, bias], statistics), weights, strict=True):
        np.testing.assert_allclose(found, wanted, atol=1e-4)

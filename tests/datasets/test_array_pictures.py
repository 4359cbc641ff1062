"""Arrays of every usual shape and range become the same pictures and labels."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import ArrayLike

from inkdigits.datasets.array_pictures import labels_of, pictures_of
from inkdigits.errors import DataError

IMAGES = np.random.default_rng(0).integers(0, 256, (4, 28, 28)).astype(np.uint8)


@pytest.mark.parametrize("shape", [(4, 28, 28), (4, 784), (4, 28, 28, 1), (4, 1, 28, 28)])
@pytest.mark.parametrize("kind", [np.uint8, np.int64, np.float32, np.float64])
def test_shapes_and_types(shape: tuple[int, ...], kind: type) -> None:
    np.testing.assert_array_equal(pictures_of(IMAGES.reshape(shape).astype(kind), "x"), IMAGES)


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_floats_from_0_to_1(kind: type) -> None:
    np.testing.assert_array_equal(pictures_of((IMAGES / 255).astype(kind), "x"), IMAGES)


def test_what_numpy_converts_is_taken() -> None:
    import jax.numpy as jnp

    np.testing.assert_array_equal(pictures_of(jnp.asarray(IMAGES), "x"), IMAGES)
    np.testing.assert_array_equal(pictures_of(IMAGES.tolist(), "x"), IMAGES)
    np.testing.assert_array_equal(pictures_of(IMAGES > 100, "x"), 255 * (IMAGES > 100))


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (IMAGES[0], r"x: expected pictures \(n, 28, 28\), .* got uint8 \(28, 28\): one picture is images\[None\]"),
        (np.zeros((2, 32, 32)), r"got float64 \(2, 32, 32\)"),
        (np.full((1, 784), -0.5), "values from -0.5 to -0.5, expected whole numbers 0 to 255, or floats from 0 to 1"),
        (np.full((1, 784), 256), "values from 256 to 256"),
        (np.full((1, 784), np.nan), "that are NaN"),
        (np.zeros((1, 784), complex), "got complex128"),
        ([[0] * 784, [0] * 783], "NumPy cannot convert"),
    ],
)
def test_what_is_no_pictures(array: ArrayLike, message: str) -> None:
    with pytest.raises(DataError, match=message):
        pictures_of(array, "x")


@pytest.mark.parametrize(
    "labels",
    [[3, 1, 9], [3.0, 1.0, 9.0], ["3", "1", "9"], np.eye(10)[[3, 1, 9]], np.array([[3], [1], [9]], np.uint8)],
)
def test_labels(labels: ArrayLike) -> None:
    np.testing.assert_array_equal(labels_of(labels, "y"), [3, 1, 9])


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["three"], "y: expected labels 0 to 9"),
        ([0.5], "y: label 0.5 at index 0, expected digits"),
        (np.full((2, 10), 0.1), "not one-hot"),
        (np.zeros((2, 3)), r"got float64 \(2, 3\)"),
    ],
)
def test_what_is_no_labels(labels: ArrayLike, message: str) -> None:
    with pytest.raises(DataError, match=message):
        labels_of(labels, "y")

"""Mistakes that show in the values of a notebook's names."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from inkdigits.datasets.labelled import Splits
from inkdigits.exercise.value_mistakes import value_mistakes


@pytest.fixture(scope="module")
def data(small: Splits) -> dict[str, Any]:
    assert small.train is not None
    assert small.test is not None
    pictures = {"x_train": small.train.images, "x_test": small.test.images}
    return {**pictures, "y_train": small.train.labels, "y_test": small.test.labels}


def right(data: dict[str, Any]) -> dict[str, Any]:
    softmax = np.full((5, 10), 0.1)
    return {
        **data, "counts": np.bincount(data["y_train"], minlength=10), "onehot_train": np.eye(10)[data["y_train"]],
        "onehot_test": np.eye(10)[data["y_test"]], "softmax_outputs": softmax, "sigmoid_outputs": softmax * 5,
        "corrected_answers": np.full((64, 10), 0.1), "flat": np.zeros((1, 784)), "dense_digits": data["y_test"],
        "dense_accuracy": 0.98, "cnn_accuracy": 0.99, "comparison": SimpleNamespace(n=500, difference=0.01),
    }  # fmt: skip


def keys(check: str, data: dict[str, Any], changed: dict[str, Any]) -> list[str]:
    values = {**right(data), **changed}
    return [finding.key for finding in value_mistakes(check, "prepare", values, tuple(values), data)]


@pytest.mark.parametrize(
    "check", ["load", "counts", "onehot", "activations", "correct", "flatten", "dense-test", "compare"]
)
def test_right_values_show_no_mistake(data: dict[str, Any], check: str) -> None:
    assert keys(f"check-{check}", data, {}) == []


def scaled(data: dict[str, Any], train: float, test: float) -> dict[str, Any]:
    return {"x_train": data["x_train"] * np.float32(train), "x_test": data["x_test"] * np.float32(test)}


WRONG: dict[str, tuple[str, Any, str]] = {
    "sets swapped": ("load", lambda d: {"x_train": d["x_test"], "x_test": d["x_train"]}, "sets_swapped"),
    "another data set": (
        "load",
        lambda d: {"x_train": np.random.default_rng(0).integers(0, 256, (300, 28, 28))},
        "not_mnist",
    ),
    "test labels counted": ("counts", lambda d: {"counts": np.bincount(d["y_test"], minlength=10)}, "counted_test"),
    "fractions": ("counts", lambda d: {"counts": np.bincount(d["y_train"], minlength=10) / 1000}, "fractions_counted"),
    "digits": ("counts", lambda d: {"counts": np.arange(10)}, "digits_not_counts"),
    "sorted": ("counts", lambda d: {"counts": np.sort(np.bincount(d["y_train"], minlength=10))[::-1]}, "counts_sorted"),
    "scaled differently": ("scale", lambda d: scaled(d, 1 / 255, 1), "scaled_differently"),
    "scaled twice": ("scale", lambda d: scaled(d, 1 / 255**2, 1 / 255**2), "scaled_twice"),
    "cast before": (
        "scale",
        lambda d: {n: (d[n] // 255).astype("float32") for n in ("x_train", "x_test")},
        "cast_before_division",
    ),
    "one-hot of train": ("onehot", lambda d: {"onehot_test": np.eye(10)[d["y_train"]]}, "onehot_of_train"),
    "nine columns": ("onehot", lambda d: {"onehot_train": np.eye(9)[d["y_train"] % 9]}, "onehot_columns"),
    "one-hot twice": ("onehot", lambda d: {"onehot_train": np.zeros((1000, 10, 2))}, "onehot_twice"),
    "one-hot shifted": (
        "onehot",
        lambda d: {"onehot_train": np.eye(10)[np.maximum(d["y_train"] - 1, 0)]},
        "onehot_shifted",
    ),
    "labels overwritten": ("onehot", lambda d: {"y_train": np.eye(10)[d["y_train"]]}, "labels_overwritten"),
    "outputs swapped": (
        "activations",
        lambda d: {"softmax_outputs": np.full((5, 10), 0.5), "sigmoid_outputs": np.full((5, 10), 0.1)},
        "outputs_swapped",
    ),
    "softmax over pictures": ("activations", lambda d: {"softmax_outputs": np.full((5, 10), 0.2)}, "softmax_axis"),
    "one layer twice": (
        "activations",
        lambda d: {"softmax_outputs": np.full((5, 10), 0.3), "sigmoid_outputs": np.full((5, 10), 0.3)},
        "same_layer",
    ),
    "no softmax": ("correct", lambda d: {"corrected_answers": np.full((64, 10), 3.0)}, "not_corrected"),
    "still unscaled": ("correct", lambda d: {"corrected_answers": np.eye(10)[np.arange(64) % 10]}, "still_unscaled"),
    "no batch": ("flatten", lambda d: {"flat": np.zeros(784)}, "no_batch"),
    "no argmax": ("dense-test", lambda d: {"dense_digits": np.eye(10)[d["y_test"]]}, "no_argmax"),
    "argmax over pictures": ("dense-test", lambda d: {"dense_digits": np.arange(10)}, "argmax_axis"),
    "training pictures": ("dense-test", lambda d: {"dense_digits": d["y_train"]}, "evaluated_on_training"),
    "off by one": ("dense-test", lambda d: {"dense_digits": d["y_test"] + 1}, "digits_shifted"),
    "percent": ("dense-test", lambda d: {"dense_accuracy": 100.0}, "accuracy_in_percent"),
    "not numbers": ("dense-test", lambda d: {"dense_digits": None}, "name_missing"),
    "reversed": ("compare", lambda d: {"comparison": SimpleNamespace(n=500, difference=-0.01)}, "comparison_reversed"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_is_named(data: dict[str, Any], name: str) -> None:
    check, change, key = WRONG[name]
    if name == "not numbers":
        values = {n: v for n, v in right(data).items() if n != "dense_digits"}
        found = value_mistakes("check-dense-test", "dense", values, ("dens_digits", *values), data)
        assert [(finding.key, "`dens_digits`" in finding.message) for finding in found] == [(key, True)]
        return
    assert keys(f"check-{check}", data, change(data)) == [key]

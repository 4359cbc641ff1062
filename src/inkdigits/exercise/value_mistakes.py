"""Mistakes that show in the values of a notebook's names when a check is evaluated."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

import numpy as np

from inkdigits.exercise.recognition import digits_of, fingerprints, rows_of_784
from inkdigits.exercise.verdict import Finding

__all__ = ["value_mistakes"]


def value_mistakes(
    check: str, part: str, values: dict[str, Any], names: tuple[str, ...], data: dict[str, Any]
) -> list[Finding]:
    """What went wrong before the check `check`, by the values that it reads; `names` are all that the notebook defines.

    `data` holds the pictures and labels of this check.
    """
    rule = _RULES.get(check)
    found = list(rule(values, data)) if rule else []
    wanted = _WANTED.get(check, ())
    found += [(key, message) for name in wanted if name not in values for key, message in _missing(name, names)]
    return [Finding(key, message, check, part) for key, message in found]


_Found = Iterator[tuple[str, str]]
_ROUNDED = 0.002  # by which a difference of two rounded accuracies may be off
_WANTED = {
    "check-load": ("x_train", "y_train", "x_test", "y_test"),
    "check-counts": ("counts",),
    "check-onehot": ("onehot_train", "onehot_test"),
    "check-activations": ("softmax_outputs", "sigmoid_outputs"),
    "check-correct": ("corrected_answers",),
    "check-flatten": ("flat",),
    "check-dense-model": ("model",),
    "check-dense-train": ("history",),
    "check-dense-test": ("dense_digits", "dense_accuracy"),
    "check-cnn-test": ("cnn_digits", "cnn_accuracy"),
    "check-compare": ("comparison",),
}


def _missing(name: str, names: tuple[str, ...]) -> _Found:
    if name in names:
        yield "not_numbers", f"`{name}` holds no plain numbers: make it a NumPy array or a number"
        return
    near = get_close_matches(name, names, 1, 0.75)
    hint = f"; there is `{near[0]}`: give it the name that the task asks for" if near else ""
    yield "name_missing", f"the name `{name}` is not defined{hint}"


def _arrays(values: dict[str, Any], *names: str) -> list[Any]:
    found = [values.get(name) for name in names]
    return found if all(isinstance(one, np.ndarray) and one.ndim for one in found) else []


def _loading(values: dict[str, Any], data: dict[str, Any]) -> _Found:
    arrays = _arrays(values, "x_train", "x_test")
    if not arrays or any(rows_of_784(array) is None for array in arrays):
        return
    marks = [set(fingerprints(rows_of_784(array)[:200])) for array in arrays]
    train, test = (set(fingerprints(data[name].reshape(-1, 784))) for name in ("x_train", "x_test"))
    if len(marks[0] & test) > len(marks[0]) / 2 and len(marks[1] & train) > len(marks[1]) / 2:
        yield "sets_swapped", "x_train holds the test pictures and x_test the training pictures: swap the two pairs"
    elif len(marks[0] & (train | test)) < len(marks[0]) / 2:
        yield "not_mnist", "x_train does not hold MNIST's pictures: is this another data set, such as Fashion-MNIST?"


def _counting(values: dict[str, Any], data: dict[str, Any]) -> _Found:
    arrays = _arrays(values, "counts")
    if not arrays or arrays[0].shape != (10,):
        return
    counts, right, test = arrays[0], *(np.bincount(data[name], minlength=10) for name in ("y_train", "y_test"))
    if np.array_equal(counts, test):
        yield "counted_test", "counts counts the test labels, not the training labels"
    elif np.isclose(counts.sum(), 1):
        yield "fractions_counted", "counts holds fractions: the task asks for the number of pictures of each digit"
    elif np.array_equal(counts, np.arange(10)):
        yield "digits_not_counts", "counts holds the digits themselves: np.unique needs return_counts=True"
    elif np.array_equal(np.sort(counts), np.sort(right)) and not np.array_equal(counts, right):
        yield "counts_sorted", "counts is sorted by frequency: counts[d] should belong to digit d"


def _scaling(values: dict[str, Any], data: dict[str, Any]) -> _Found:
    arrays = _arrays(values, "x_train", "x_test")
    if not arrays or not all(array.size and array.dtype.kind in "iuf" for array in arrays):
        return
    (low, high), (test_low, test_high) = ((float(array.min()), float(array.max())) for array in arrays)
    if abs(high - test_high) > 1e-3 * max(abs(high), abs(test_high)) or abs(low - test_low) > 1e-3 * (
        high - low + 1e-9
    ):
        yield (
            "scaled_differently",
            f"the two sets are scaled differently: x_train reaches {high:g}, x_test {test_high:g}; a network that "
            "learned from one cannot read the other",
        )
    elif 0 < high < 0.01:
        yield "scaled_twice", f"the pictures are scaled twice: their values reach only {high:g}; run the cell once"
    elif high == 1 and len(np.unique(arrays[0][:200])) == 2:
        yield "cast_before_division", "only 0 and 1 are left: convert to float32 before you divide, not after"
    elif high == 0:
        yield "cast_before_division", "only 0 is left: convert to float32 before you divide, not after"


def _onehot(values: dict[str, Any], data: dict[str, Any]) -> _Found:
    arrays = _arrays(values, "onehot_train", "onehot_test")
    if not arrays:
        return
    train, test = arrays
    if test.ndim == 2 and test.shape[1] == 10 and len(test) == len(data["y_train"]) and len(train) == len(test):
        yield "onehot_of_train", "onehot_test is made from the training labels: make it from y_test"
    elif train.ndim == 2 and train.shape[1] != 10:
        yield "onehot_columns", f"onehot_train has {train.shape[1]} columns: there are ten digits, so ten columns"
    elif train.ndim == 3:
        yield "onehot_twice", f"the labels were made one-hot twice: onehot_train has shape {train.shape}"
    elif train.ndim == 2 and len(train) == len(data["y_train"]):
        digits = train.argmax(axis=1)
        if np.array_equal(digits, np.maximum(data["y_train"].astype(int) - 1, 0)):
            yield "onehot_shifted", "the 1 stands one column too far left: digit 0 belongs into column 0"


def _activations(values: dict[str, Any], data: dict[str, Any]) -> _Found:
    arrays = _arrays(values, "softmax_outputs", "sigmoid_outputs")
    if not arrays or any(array.shape != (5, 10) for array in arrays):
        return
    softmax, sigmoid = arrays
    if np.allclose(sigmoid.sum(axis=1), 1, atol=1e-4) and not np.allclose(softmax.sum(axis=1), 1, atol=1e-3):
        yield "outputs_swapped", "softmax_outputs and sigmoid_outputs are swapped: softmax is the one that adds up to 1"
    elif np.allclose(softmax.sum(axis=0), 1, atol=1e-4) and not np.allclose(softmax.sum(axis=1), 1, atol=1e-3):
        yield "softmax_axis", "softmax was taken over the pictures: each row should add up to 1, so use the last axis"
    elif np.array_equal(softmax, sigmoid):
        yield "same_layer", "softmax_outputs and sigmoid_outputs are the same numbers: make a layer for each"


def _correcting(values: dict[str, Any], data: dict[str, Any]) -> _Found:
    arrays = _arrays(values, "corrected_answers")
    if not arrays or arrays[0].shape != (64, 10):
        return
    answers = arrays[0]
    if not np.allclose(answers.sum(axis=1), 1, atol=1e-3):
        yield "not_corrected", "the corrected network still has no softmax: its outputs are no probabilities"
    elif np.median(answers.max(axis=1)) > 0.999:
        yield "still_unscaled", "corrected_answers was computed from pictures of 0 to 255: give it the scaled ones"


def _flattening(values: dict[str, Any], data: dict[str, Any]) -> _Found:
    arrays = _arrays(values, "flat")
    if arrays and arrays[0].shape == (784,):
        yield (
            "no_batch",
            "flat has shape (784,): Keras works on batches, so a single picture is a batch of one, (1, 784)",
        )
    elif arrays and arrays[0].shape in ((28, 28), (28, 28, 1)):
        yield (
            "no_batch",
            "x_train[0] was taken for a batch of 28 rows: give the layer x_train[:1], a batch of one picture",
        )


def _testing(part: str) -> Any:
    def rule(values: dict[str, Any], data: dict[str, Any]) -> _Found:
        arrays = _arrays(values, f"{part}_digits")
        if not arrays:
            return
        digits, truth = arrays[0], data["y_test"]
        name = f"{part}_digits"
        if digits.ndim == 2 and digits.shape == (len(truth), 10):
            yield "no_argmax", f"{name} holds ten probabilities a picture: the digit is the position of the largest"
        elif digits.shape == (10,) and len(truth) != 10:
            yield "argmax_axis", f"argmax was taken over the pictures: {name} should have one digit a picture, axis=1"
        elif len(digits) == len(data["y_train"]) != len(truth) and digits.ndim == 1:
            yield "evaluated_on_training", f"{name} holds a digit for each training picture: read x_test instead"
        elif digits.ndim == 1 and len(digits) == len(truth):
            yield from _off_by_one(name, digits, truth)
            yield from _not_of_test(part, values, digits, truth)

    return rule


def _off_by_one(name: str, digits: Any, truth: Any) -> _Found:
    right = np.mean(digits == truth)
    shifted = max(np.mean(digits == truth + 1), np.mean(digits == truth - 1))
    if shifted > 0.7 > right:
        yield "digits_shifted", f"{name} is off by one: column 0 stands for digit 0"


def _not_of_test(part: str, values: dict[str, Any], digits: Any, truth: Any) -> _Found:
    stated, right = values.get(f"{part}_accuracy"), float(np.mean(digits == truth))
    if isinstance(stated, float) and 1.5 < stated <= 100 and abs(stated / 100 - right) < 0.01:
        yield "accuracy_in_percent", f"{part}_accuracy is {stated:g}: it should be a fraction from 0 to 1"


def _comparing(values: dict[str, Any], data: dict[str, Any]) -> _Found:
    comparison, cnn, dense = (values.get(name) for name in ("comparison", "cnn_accuracy", "dense_accuracy"))
    difference = getattr(comparison, "difference", None)
    if difference is not None and isinstance(cnn, float) and isinstance(dense, float):
        if abs(difference + (cnn - dense)) < _ROUNDED < abs(difference):
            yield "comparison_reversed", "the fully connected network went first: compare_paired(labels, cnn, dense)"
        elif comparison is not None and getattr(comparison, "n", len(data["y_test"])) != len(data["y_test"]):
            yield "compared_in_part", f"compared on {comparison.n:g} pictures: compare on the whole test set"


def _labels(values: dict[str, Any], data: dict[str, Any]) -> _Found:
    for name in ("y_train", "y_test"):
        given = values.get(name)
        if isinstance(given, np.ndarray) and given.ndim == 2 and digits_of(given) is not None and given.shape[1] == 10:
            yield (
                "labels_overwritten",
                f"{name} was made one-hot: keep it, and give the one-hot labels a name of their own",
            )


_RULES = {
    "check-load": _loading,
    "check-counts": _counting,
    "check-scale": _scaling,
    "check-onehot": lambda values, data: (*_onehot(values, data), *_labels(values, data)),
    "check-activations": _activations,
    "check-correct": _correcting,
    "check-flatten": _flattening,
    "check-dense-test": _testing("dense"),
    "check-cnn-test": _testing("cnn"),
    "check-compare": _comparing,
}

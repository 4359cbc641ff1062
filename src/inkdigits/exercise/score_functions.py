"""The three scores that a student writes, compared with the right ones and with what they are mistaken for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from inkdigits.exercise.verdict import Finding

__all__ = ["score_mistakes"]

Call = Callable[[str, tuple[Any, ...]], Any]
_DIGIT = 4


def _examples() -> tuple[Any, Any, Any, Any]:
    """Labels, digits, one-hot labels and probabilities, such that every score below has another value."""
    rng = np.random.default_rng()
    while True:
        labels = rng.integers(0, 10, 200)
        digits = np.where(rng.random(200) < 0.6, labels, rng.choice([_DIGIT, *range(10)], 200))
        values = [score(labels, digits, _DIGIT) for score in _RATES.values()]
        if np.isfinite(values).all() and np.min(np.diff(np.sort(values))) > 1e-3:
            weights = rng.random((200, 10)) + 0.1
            return labels, digits, np.eye(10)[labels], weights / weights.sum(axis=1, keepdims=True)


def _part(selected: Any, hit: Any) -> float:
    return float(np.mean(hit[selected])) if selected.any() else float("nan")


_RATES: dict[str, Callable[[Any, Any, int], float]] = {
    "right": lambda labels, digits, digit: _part(labels != digit, digits == digit),
    "false discovery rate": lambda labels, digits, digit: _part(digits == digit, labels != digit),
    "false negative rate": lambda labels, digits, digit: _part(labels == digit, digits != digit),
    "recall": lambda labels, digits, digit: _part(labels == digit, digits == digit),
    "precision": lambda labels, digits, digit: _part(digits == digit, labels == digit),
    "specificity": lambda labels, digits, digit: _part(labels != digit, digits != digit),
    "fraction of all pictures": lambda labels, digits, digit: float(np.mean((labels != digit) & (digits == digit))),
    "number of false positives": lambda labels, digits, digit: float(np.sum((labels != digit) & (digits == digit))),
    "false omission rate": lambda labels, digits, digit: _part(digits != digit, labels == digit),
}
_WHAT = {
    "false discovery rate": "of the pictures that are read as the digit, the fraction that shows another one: divide "
    "by the number of pictures that do not show the digit instead",
    "false negative rate": "of the pictures that show the digit, the fraction that is read as another one",
    "recall": "of the pictures that show the digit, the fraction that is read as the digit",
    "precision": "of the pictures that are read as the digit, the fraction that shows it",
    "specificity": "1 minus the false positive rate",
    "fraction of all pictures": "divided by all pictures: divide by the number of pictures that do not show the digit",
    "number of false positives": "a count: divide it by the number of pictures that do not show the digit",
    "false omission rate": "of the pictures that are not read as the digit, the fraction that shows it",
}


def _losses(onehot: Any, probabilities: Any) -> dict[str, float]:
    correct = (onehot * probabilities).sum(axis=1)
    right = float(-np.log(correct).mean())
    return {
        "right": right,
        "the sum over the pictures, not the mean": right * len(correct),
        "a mean over all ten columns: it is a tenth of the log loss": right / 10,
        "the wrong sign: the log loss is positive": -right,
        "a logarithm to base 2: use the natural one": right / np.log(2),
        "a logarithm to base 10: use the natural one": right / np.log(10),
        "the logarithm of the mean probability: take the logarithm first": float(-np.log(correct.mean())),
        "the binary cross-entropy, which also counts the wrong digits": _binary(onehot, probabilities),
        "the binary cross-entropy, which also counts the wrong digits, summed": 10 * _binary(onehot, probabilities),
        "the mean squared error": float(((onehot - probabilities) ** 2).mean()),
    }


def _binary(onehot: Any, probabilities: Any) -> float:
    return float(-np.mean(onehot * np.log(probabilities) + (1 - onehot) * np.log(1 - probabilities)))


def score_mistakes(call: Call, defined: set[str], cell: str) -> dict[str, Finding]:
    """For each of the functions in `defined` that is wrong on numbers of the checker's own, a finding that says how."""
    labels, digits, onehot, probabilities = _examples()
    agree = float(np.mean(labels == digits))
    accuracies = {
        "right": agree,
        "a percentage: it should be a fraction from 0 to 1": 100 * agree,
        "a count: divide it by the number of pictures": float(np.sum(labels == digits)),
        "the fraction that is wrong": 1 - agree,
    }
    rates = {name: score(labels, digits, _DIGIT) for name, score in _RATES.items()}
    tried: dict[str, tuple[tuple[Any, ...], dict[str, float]]] = {
        "accuracy": ((labels, digits), accuracies),
        "false_positive_rate": ((labels, digits, _DIGIT), rates),
        "log_loss": ((onehot, probabilities), _losses(onehot, probabilities)),
    }
    found = ((name, _mistake(name, call, *tried[name], cell)) for name in tried if name in defined)
    return {name: finding for name, finding in found if finding is not None}


def _mistake(name: str, call: Call, arguments: tuple[Any, ...], values: dict[str, float], cell: str) -> Finding | None:
    try:
        result = float(call(name, arguments))
    except (TypeError, ValueError, RuntimeError) as error:
        return Finding("score_fails", f"{name} does not work on other numbers: {error}", cell, "prepare")
    if np.isclose(result, values["right"], rtol=1e-3, atol=1e-6):
        return None
    for mistaken in _near(result, values):
        if name == "false_positive_rate":
            key, what = mistaken.replace(" ", "_"), f"the {mistaken}: {_WHAT[mistaken]}"
        else:
            key, what = f"{name}_mistaken", mistaken
        return Finding(key, f"{name} returns {what}", cell, "prepare")
    message = f"{name} gives {result:.4g} for numbers whose {name.replace('_', ' ')} is {values['right']:.4g}"
    return Finding("wrong_score", message, cell, "prepare")


def _near(result: float, values: dict[str, float]) -> Iterator[str]:
    return (name for name, value in values.items() if np.isclose(result, value, rtol=1e-3, atol=1e-6))

"""The student's scores are tried on numbers of the checker's own, and what they are mistaken for is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from inkdigits.exercise.score_functions import score_mistakes


def found(**functions: Callable[..., Any]) -> dict[str, str]:
    mistakes = score_mistakes(lambda name, arguments: functions[name](*arguments), set(functions), "check-scores")
    return {finding.key: finding.message for finding in mistakes.values()}


def test_right_scores_in_any_style_are_right() -> None:
    def rate(labels: Any, digits: Any, digit: int) -> float:
        others = [read for label, read in zip(labels, digits, strict=True) if label != digit]
        return sum(read == digit for read in others) / len(others)

    def loss(onehot: Any, p: Any) -> Any:
        return np.float32(-np.log(np.clip(p[onehot == 1], 1e-12, 1)).mean())

    assert found(accuracy=lambda a, b: (a == b).mean(), false_positive_rate=rate, log_loss=loss) == {}


RATES: dict[str, Callable[[Any, Any, int], Any]] = {
    "false_discovery_rate": lambda t, r, d: np.mean(t[r == d] != d),
    "false_negative_rate": lambda t, r, d: np.mean(r[t == d] != d),
    "recall": lambda t, r, d: np.mean(r[t == d] == d),
    "precision": lambda t, r, d: np.mean(t[r == d] == d),
    "specificity": lambda t, r, d: np.mean(r[t != d] != d),
    "fraction_of_all_pictures": lambda t, r, d: np.mean((r == d) & (t != d)),
    "number_of_false_positives": lambda t, r, d: np.sum((r == d) & (t != d)),
    "wrong_score": lambda t, r, d: 0.5,
}


@pytest.mark.parametrize("key", RATES)
def test_another_rate_is_named(key: str) -> None:
    assert list(found(false_positive_rate=RATES[key])) == [key]


@pytest.mark.parametrize(
    ("loss", "words"),
    [
        (lambda o, p: -np.sum(o * np.log(p)), "the sum over the pictures"),
        (lambda o, p: -np.mean(o * np.log(p)), "all ten columns"),
        (lambda o, p: np.mean(np.sum(o * np.log(p), axis=1)), "the wrong sign"),
        (lambda o, p: -np.mean(np.sum(o * np.log2(p), axis=1)), "base 2"),
        (lambda o, p: -np.mean(np.sum(o * np.log10(p), axis=1)), "base 10"),
        (lambda o, p: np.mean((o - p) ** 2), "mean squared error"),
    ],
)
def test_another_loss_is_named(loss: Callable[..., Any], words: str) -> None:
    assert words in found(log_loss=loss)["log_loss_mistaken"]


def test_an_accuracy_in_percent_is_named_and_one_that_fails_is_reported() -> None:
    assert "percentage" in found(accuracy=lambda a, b: 100 * (a == b).mean())["accuracy_mistaken"]

    def fails(a: Any, b: Any) -> Any:
        raise RuntimeError("TypeError: no")

    assert "does not work" in found(accuracy=fails)["score_fails"]

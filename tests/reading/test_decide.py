"""The outcome of each candidate: thresholds, shapes, strokes in clutter, known lengths."""

from __future__ import annotations

import numpy as np

from inkdigits.reading.components import Component
from inkdigits.reading.decide import (
    CONFIDENT_THRESHOLD,
    DEFAULT_THRESHOLD,
    acceptance_threshold,
    classify_outcome,
    decide,
)
from inkdigits.reading.ink import Ink
from inkdigits.reading.segmentation import Candidate, Segmentation

SHAPE = (200, 400)


def _candidate(value: int, probability: float, x: int, *, size: tuple[int, int] = (30, 50)) -> Candidate:
    w, h = size
    mask = np.zeros((h, w), np.uint8)
    mask[:, :4] = mask[:, -4:] = mask[:4] = mask[-4:] = 255
    probabilities = np.full(10, (1 - probability) / 9, np.float32)
    probabilities[value] = probability
    return Candidate(Component(x, 70, w, h, mask, 150.0), np.zeros((28, 28), np.uint8), probabilities)


def _segmentation(*candidates: Candidate) -> Segmentation:
    flat = np.zeros(SHAPE, np.uint8)
    return Segmentation(Ink(flat, flat, np.full(SHAPE, 255, np.uint8), 1.0, False, 2.0), candidates, ())


def test_outcomes() -> None:
    assert classify_outcome(0.49, 0.5) == "not_a_digit"
    assert classify_outcome(0.5, 0.5) == "unsure"
    assert classify_outcome(CONFIDENT_THRESHOLD, 0.5) == "digit"


def test_a_model_without_a_threshold_gets_the_default() -> None:
    assert acceptance_threshold(0.0) == DEFAULT_THRESHOLD
    assert acceptance_threshold(0.7) == 0.7


def test_each_candidate_gets_the_outcome_of_its_probability() -> None:
    digits = _segmentation(_candidate(2, 0.99, 20), _candidate(5, 0.6, 100), _candidate(8, 0.3, 180))
    assert decide(digits, 0.5) == ["digit", "unsure", "not_a_digit"]


def test_a_dash_is_not_a_digit_however_probable() -> None:
    digits = _segmentation(_candidate(2, 0.99, 20), _candidate(7, 0.99, 100, size=(90, 20)))
    assert decide(digits, 0.5) == ["digit", "not_a_digit"]


def test_a_stroke_that_is_much_taller_than_the_digits_is_not_a_one() -> None:
    margin_line = _candidate(1, 0.99, 300, size=(12, 125))
    like_a_digit = _candidate(1, 0.99, 200, size=(12, 50))
    digits = _segmentation(_candidate(2, 0.99, 20), _candidate(5, 0.99, 100), like_a_digit, margin_line)
    assert decide(digits, 0.5) == ["digit", "digit", "digit", "not_a_digit"]


def test_a_known_length_refuses_the_least_probable_and_accepts_the_most_probable() -> None:
    digits = _segmentation(_candidate(2, 0.99, 20), _candidate(5, 0.95, 100), _candidate(8, 0.3, 180))
    assert decide(digits, 0.5, length=1) == ["digit", "not_a_digit", "not_a_digit"]
    assert decide(digits, 0.5, length=3) == ["digit", "digit", "unsure"]

"""The outcome of each candidate: thresholds, what the finder takes ink for, known lengths."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from inkdigits.reading.components import Component
from inkdigits.reading.decide import (
    CONFIDENT_THRESHOLD,
    DEFAULT_THRESHOLD,
    acceptance_threshold,
    classify_outcome,
    decide,
)
from inkdigits.reading.segmentation import Candidate, Segmentation
from tests.reading.ink_maps import view


def _candidate(value: int, probability: float, digit_fraction: float = 1.0, x: int = 20, h: int = 50) -> Candidate:
    probabilities = np.full(10, (1 - probability) / 9, np.float32)
    probabilities[value] = probability
    component = Component(x, 70, 30, h, np.full((h, 30), 255, np.uint8), digit_fraction)
    return Candidate(component, np.zeros((28, 28), np.uint8), probabilities)


def _segmentation(*candidates: Candidate) -> Segmentation:
    return Segmentation(view([]), candidates)


def test_outcomes() -> None:
    assert classify_outcome(0.49, 0.5) == "not_a_digit"
    assert classify_outcome(0.5, 0.5) == "unsure"
    assert classify_outcome(CONFIDENT_THRESHOLD, 0.5) == "digit"


def test_a_model_without_a_threshold_gets_the_default() -> None:
    assert acceptance_threshold(0.0) == DEFAULT_THRESHOLD
    assert acceptance_threshold(0.7) == 0.7


def test_each_candidate_gets_the_outcome_of_its_probability() -> None:
    digits = _segmentation(_candidate(2, 0.99), _candidate(5, 0.6), _candidate(8, 0.3))
    assert decide(digits, 0.5) == ["digit", "unsure", "not_a_digit"]


def test_what_the_finder_takes_for_other_writing_is_no_digit_however_probable() -> None:
    assert decide(_segmentation(_candidate(2, 0.99), _candidate(7, 0.99, 0.1)), 0.5) == ["digit", "not_a_digit"]


def test_of_a_plain_picture_the_classifier_alone_decides() -> None:
    """What the finder was not asked about is not clutter, however doubtful its one digit is."""
    doubtful = _segmentation(_candidate(2, 0.52))
    assert decide(doubtful, 0.5) == ["not_a_digit"]
    assert decide(replace(doubtful, plain=True), 0.5) == ["unsure"]
    assert decide(replace(doubtful, plain=True), 0.53) == ["not_a_digit"]


def test_a_known_length_refuses_the_least_probable_and_accepts_the_most_probable() -> None:
    digits = _segmentation(_candidate(2, 0.99), _candidate(5, 0.95), _candidate(8, 0.3))
    assert decide(digits, 0.5, length=1) == ["digit", "not_a_digit", "not_a_digit"]
    assert decide(digits, 0.5, length=3) == ["digit", "digit", "unsure"]


def test_a_one_much_lower_than_its_row_is_a_mark() -> None:
    """An edge of a form's box, a piece of dirt; a low digit of another value, and a one of another row, are digits."""
    row = (_candidate(7, 0.99), _candidate(4, 0.99, x=60), _candidate(9, 0.99, x=140))
    assert decide(_segmentation(*row, _candidate(1, 0.99, x=100, h=20)), 0.5)[3] == "not_a_digit"
    assert decide(_segmentation(*row, _candidate(1, 0.99, x=100, h=24)), 0.5)[3] == "digit"
    assert decide(_segmentation(*row, _candidate(3, 0.99, x=100, h=20)), 0.5)[3] == "digit"
    below = replace(row[0], component=replace(row[0].component, y=200))
    assert decide(_segmentation(below, _candidate(1, 0.99, x=100, h=20)), 0.5) == ["digit", "digit"]


def test_two_clear_digits_are_no_clutter_beside_a_mark() -> None:
    """What is crossed out and what separates counts against a page, but not against more digits that are clear."""
    marks = [_candidate(4, 0.1, 0.2, x=60 * place) for place in range(2, 4)]
    clear, faint = _candidate(8, 0.99, 0.65), _candidate(5, 0.99, 0.65, x=60)
    assert decide(_segmentation(clear, faint, marks[0]), 0.5)[:2] == ["digit", "digit"]
    assert decide(_segmentation(clear, faint, *marks), 0.5)[:2] == ["not_a_digit"] * 2
    assert decide(_segmentation(clear, marks[0]), 0.5)[0] == "not_a_digit"
    strokes = [_candidate(1, 0.99, 0.65), _candidate(1, 0.99, 0.65, x=60)]
    assert decide(_segmentation(*strokes, marks[0]), 0.5)[:2] == ["not_a_digit"] * 2


def test_ones_of_unequal_height_are_strokes_of_a_drawing() -> None:
    assert decide(_segmentation(_candidate(1, 0.99), _candidate(1, 0.99, x=60, h=45)), 0.5) == ["digit", "digit"]
    strokes = _segmentation(_candidate(1, 0.99), _candidate(1, 0.99, x=60, h=90))
    assert decide(strokes, 0.5) == ["not_a_digit", "not_a_digit"]
    # Beside another digit they count.
    row = _segmentation(_candidate(1, 0.99), _candidate(1, 0.99, x=60, h=90), _candidate(7, 0.99, x=100))
    assert decide(row, 0.5) == ["digit", "digit", "digit"]


def test_a_one_across_a_larger_refused_letter_is_a_stroke_of_it() -> None:
    letter = _candidate(4, 0.2, x=30, h=80)
    assert decide(_segmentation(_candidate(1, 0.99), letter), 0.5) == ["not_a_digit", "not_a_digit"]
    assert decide(_segmentation(_candidate(7, 0.99), letter), 0.5) == ["digit", "not_a_digit"]
    # A frame is no writing.
    frame = _candidate(4, 0.2, 0.1, x=30, h=80)
    assert decide(_segmentation(_candidate(1, 0.99), _candidate(8, 0.99, x=200), frame), 0.5)[0] == "digit"


def test_the_parts_of_a_forced_split_are_unsure_however_probable() -> None:
    parts = [replace(_candidate(value, 0.99, x=20 + 40 * value), forced=True) for value in (2, 5)]
    assert decide(_segmentation(*parts), 0.5, length=2) == ["unsure", "unsure"]

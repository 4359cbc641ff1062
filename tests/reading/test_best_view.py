"""Which view of a picture counts: a larger one must agree with a smaller one that was large enough, or be clear."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from inkdigits.reading import best_view
from inkdigits.reading.components import Component
from inkdigits.reading.coroutines import run
from inkdigits.reading.pyramid import Pyramid
from inkdigits.reading.segmentation import Candidate, Segmentation
from tests.reading.ink_maps import view

PICTURE = np.full((200, 300, 3), 255, np.uint8)  # shown with a longer side of 128 and 256 pixels


def shows(value: int, probability: float, height: int = 30) -> Segmentation:
    """A view with one candidate, `height` pixels high."""
    probabilities = np.full(10, (1 - probability) / 9, np.float32)
    probabilities[value] = probability
    component = Component(20, 40, 20, height, np.full((height, 20), 255, np.uint8), 1.0)
    return Segmentation(view([]), (Candidate(component, np.zeros((28, 28), np.uint8), probabilities),))


def chosen(monkeypatch: pytest.MonkeyPatch, *views: Segmentation) -> Segmentation:
    """The best of what the views of a picture show, from small to large."""
    found: Iterator[Segmentation] = iter(views)

    def segment(_: Any) -> Any:
        return next(found)
        yield  # a generator, as the real one

    monkeypatch.setattr(best_view, "show", lambda *_: None)
    monkeypatch.setattr(best_view, "segment", segment)
    return run(best_view.best_segmentation(Pyramid.of(PICTURE), None, 0.5), None)  # type: ignore[arg-type]


def test_a_larger_view_that_says_the_same_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    small, large = shows(4, 0.7), shows(4, 0.8)
    assert chosen(monkeypatch, small, large) is large


def test_a_larger_view_that_says_something_else_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    small, large = shows(4, 0.7), shows(9, 0.8)
    assert chosen(monkeypatch, small, large) is small


def test_unless_it_is_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    small, large = shows(4, 0.7), shows(9, 0.95)
    assert chosen(monkeypatch, small, large) is large


def test_or_what_the_smaller_one_shows_is_too_small(monkeypatch: pytest.MonkeyPatch) -> None:
    small, large = shows(4, 0.7, height=15), shows(9, 0.8)
    assert chosen(monkeypatch, small, large) is large

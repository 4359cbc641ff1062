"""Which view of a picture counts: a larger one must agree with a smaller one that was large enough, or show more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from inkdigits.reading import best_view
from inkdigits.reading.components import Component
from inkdigits.reading.coroutines import run
from inkdigits.reading.pyramid import Pyramid
from inkdigits.reading.reader import Reader
from inkdigits.reading.segmentation import Candidate, Segmentation
from tests.reading.ink_maps import view
from tests.reading.printed_signs import printed

PICTURE = np.full((200, 300, 3), 255, np.uint8)  # shown with a longer side of 128 and 256 pixels


def shows(value: int, probability: float, height: int = 30, digit_fraction: float = 1.0) -> Segmentation:
    """A view with one candidate, `height` pixels high."""
    probabilities = np.full(10, (1 - probability) / 9, np.float32)
    probabilities[value] = probability
    component = Component(20, 40, 20, height, np.full((height, 20), 255, np.uint8), digit_fraction)
    return Segmentation(view([]), (Candidate(component, np.zeros((28, 28), np.uint8), probabilities),))


def chosen(monkeypatch: pytest.MonkeyPatch, *views: Segmentation, side: int = 300) -> Segmentation:
    """The best of what the views of a picture of `side` pixels show, from small to large; it may ask for no other."""
    found: Iterator[Segmentation] = iter(views)

    def segment(_: Any) -> Any:
        return next(found)
        yield  # a generator, as the real one

    monkeypatch.setattr(best_view, "show", lambda *_: None)
    monkeypatch.setattr(best_view, "segment", segment)
    picture = Pyramid.of(PICTURE[:side, :side])
    return run(best_view.best_segmentation(picture, None, 0.5), None)  # type: ignore[arg-type]


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


def test_one_that_only_enlarges_has_to_say_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    small, other, same = shows(4, 0.7), shows(9, 0.95), shows(4, 0.95)
    assert chosen(monkeypatch, small, other, side=200) is small
    assert chosen(monkeypatch, small, same, side=200) is same


def test_pictures_are_not_enlarged_much_once_something_large_was_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    tiny, small, large = shows(4, 0.6), shows(4, 0.7), shows(4, 0.8)
    assert chosen(monkeypatch, tiny, small, side=28) is small  # a third view would raise
    assert chosen(monkeypatch, shows(4, 0.6, height=9), shows(4, 0.7, height=19), large, side=28) is large


def test_unless_the_classifier_is_certain_of_what_the_finder_doubts(monkeypatch: pytest.MonkeyPatch) -> None:
    tiny, small, large = shows(4, 0.9, digit_fraction=0.2), shows(4, 0.99, digit_fraction=0.4), shows(4, 0.99)
    assert chosen(monkeypatch, tiny, small, large, side=28) is large


@pytest.mark.parametrize(("letter", "height"), [("Л", 40), ("Л", 80), ("Л", 120), ("Ψ", 80), ("Ψ", 100), ("Ψ", 120)])
def test_letters_are_not_taken_apart_by_enlarging(letter: str, height: int) -> None:
    assert Reader.load().read(printed(letter, height)).string == ""

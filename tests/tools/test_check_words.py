"""Words that were replaced are found in names and texts."""

from __future__ import annotations

import pytest
from tools.check_words import in_names, in_text, words_of


def test_words_of_a_name() -> None:
    assert words_of("cut_outWidth_MAX") == ["cut", "out", "width", "max"]


@pytest.mark.parametrize(
    "text", ["It is judged.", "class _Judge:", "def judge_all():", "MOST_BYTES = 1", "_MOST_BYTES = 1", "a dial"]
)
def test_a_word_in_a_text(text: str) -> None:
    assert len(list(in_text(text))) == 1


@pytest.mark.parametrize("text", ["mostly", "a radial blur", "It does not import Keras."])
def test_nothing_in_a_text(text: str) -> None:
    assert not list(in_text(text))


@pytest.mark.parametrize("source", ["told = 1", "def f(seen): ...", "class Lane: ...", "self.share_right = 1"])
def test_a_word_in_a_name(source: str) -> None:
    assert len(list(in_names(source))) == 1


def test_comments_and_calls_are_plain_english() -> None:
    assert not list(in_names("print(told)  # have you seen this piece?"))

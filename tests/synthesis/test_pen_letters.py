from __future__ import annotations

import numpy as np

from inkdigits.modelfile.predictor import Predictor
from inkdigits.synthesis.pen_letters import HELD_OUT_LETTERS, TRAINED_LETTERS, pen_letters, pen_letters_held_out


def test_no_letter_is_both_trained_on_and_held_out() -> None:
    assert not set(TRAINED_LETTERS) & set(HELD_OUT_LETTERS)
    trained, held_out = (
        {str(strokes) for strokes in letters.values()} for letters in (TRAINED_LETTERS, HELD_OUT_LETTERS)
    )
    assert not trained & held_out


def test_every_letter_lies_in_its_box() -> None:
    for strokes in (*TRAINED_LETTERS.values(), *HELD_OUT_LETTERS.values()):
        assert all(len(stroke) > 1 for stroke in strokes)
        assert np.abs(np.concatenate([np.array(stroke) for stroke in strokes])).max() <= 1


def test_the_reader_refuses_most_letters_it_was_trained_on_and_many_others() -> None:
    reader = Predictor.load("reader")

    def accepted(pictures: np.ndarray) -> float:
        return float((reader.predict_proba(pictures).max(axis=1) >= reader.metadata.acceptance_threshold).mean())

    assert accepted(pen_letters(np.random.default_rng(0), 200)) < 0.1
    assert accepted(pen_letters_held_out(np.random.default_rng(0), 200)) < 0.5

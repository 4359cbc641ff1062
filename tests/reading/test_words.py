"""Letters that look like digits are refused in words of letters, and nowhere else."""

from __future__ import annotations

import pytest

from inkdigits.reading.reading import Box
from inkdigits.reading.words import in_words_of_letters

H = 40


def row(pattern: str, gap: float = 0.2, x: int = 10, y: int = 10) -> list[Box]:
    """A box for each character; lower-case ones are lower."""
    step = round((0.6 + gap) * H)
    return [
        (x + place * step, y + (H // 3 if one.islower() else 0), 24, H - (H // 3 if one.islower() else 0))
        for place, one in enumerate(pattern)
    ]


@pytest.mark.parametrize("pattern", ["Na2ne", "H5n", "kn0w", "9AB"])
def test_a_word_with_more_letters_than_digits_holds_no_digit(pattern: str) -> None:
    found = in_words_of_letters(row(pattern), [one.isdigit() for one in pattern])
    assert found == [True] * len(pattern)


@pytest.mark.parametrize("pattern", ["A4", "4711x", "12", "20B24", "7"])
def test_a_number_with_a_letter_or_two_keeps_its_digits(pattern: str) -> None:
    found = in_words_of_letters(row(pattern), [one.isdigit() for one in pattern])
    assert not any(found)


def test_a_number_beside_a_word_keeps_its_digits() -> None:
    boxes = row("Name") + row("42", x=10 + 5 * 40 + 30)
    assert in_words_of_letters(boxes, [False] * 4 + [True] * 2)[4:] == [False, False]


def test_a_number_under_a_word_keeps_its_digits() -> None:
    boxes = row("NAME") + row("4207", y=10 + H + 12)
    assert in_words_of_letters(boxes, [False] * 4 + [True] * 4)[4:] == [False] * 4


@pytest.mark.parametrize("size", [(4, 60), (3, 3)])
def test_lines_and_specks_around_a_digit_are_no_letters(size: tuple[int, int]) -> None:
    w, h = size
    boxes = [(30, 10, 24, H), *((x, 10, w, h) for x in (10, 20, 58, 68))]
    assert not in_words_of_letters(boxes, [True, False, False, False, False])[0]

"""Words: candidates as close as the letters of a word. Where most of them are letters, the others are letters too."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from inkdigits.reading.reading import Box

__all__ = ["in_words_of_letters"]

# The widest gap within a word, in heights of the higher of two neighbours, and the least part of the lower one's height
# that both share. Its letters differ in height by a factor of 2.2 at most, as x and k do, and a letter is at least this
# wide by height, which lines and ones are not.
_MAX_GAP, _MIN_OVERLAP, _MAX_UNEQUAL, _MIN_ASPECT = 0.35, 0.5, 2.2, 0.3


def in_words_of_letters(boxes: Sequence[Box], accepted: Sequence[bool]) -> list[bool]:
    """Whether each box is in a word in which more boxes are of letters, which are not `accepted`, than are accepted."""
    if all(accepted) or not any(accepted):
        return [False] * len(boxes)
    array = np.asarray(boxes, float)
    letters = ~np.asarray(accepted) & (array[:, 2] >= _MIN_ASPECT * array[:, 3])
    kept = np.flatnonzero(letters | np.asarray(accepted))
    words = _words(array[kept])
    found = np.zeros(len(boxes), bool)
    for word in set(words.tolist()):
        members = kept[words == word]
        found[members] = letters[members].sum() > len(members) / 2
    return found.tolist()


def _words(boxes: NDArray[np.float64]) -> NDArray[np.intp]:
    """The number of the word that each box, a row x, y, w, h, is in."""
    neighbours = _are_neighbours(boxes)
    words = np.arange(len(boxes))
    while True:
        lowest = np.where(neighbours, words, len(boxes)).min(axis=1)
        if (lowest == words).all():
            return words
        words = lowest


def _are_neighbours(boxes: NDArray[np.float64]) -> NDArray[np.bool_]:
    x, y, w, h = boxes.T
    higher, lower = np.maximum(h, h[:, None]), np.minimum(h, h[:, None])
    gap = np.maximum(x, x[:, None]) - np.minimum(x + w, (x + w)[:, None])
    overlap = np.minimum(y + h, (y + h)[:, None]) - np.maximum(y, y[:, None])
    close = (gap <= _MAX_GAP * higher) & (overlap >= _MIN_OVERLAP * lower)
    return np.asarray(close & (higher <= _MAX_UNEQUAL * lower), np.bool_)

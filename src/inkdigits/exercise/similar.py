"""Submissions that are nearly the same, for a teacher to compare: this does not say who wrote what."""

from __future__ import annotations

import io
import itertools
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from inkdigits.exercise.build import Version, build_notebook
from inkdigits.exercise.parsing import UNPARSABLE
from inkdigits.exercise.verdict import Verdict

__all__ = ["SimilarPair", "similar_submissions"]

_LENGTH = 5  # consecutive tokens that are compared
_MIN_OWN = 30  # such rows; with fewer there is too little of the student's own code to compare
_MIN_SIMILARITY = 0.9


@dataclass(frozen=True)
class SimilarPair:
    """Two submissions and how much of what their students wrote is the same, in [0, 1]."""

    first: str
    second: str
    similarity: float


def similar_submissions(verdicts: list[Verdict]) -> list[SimilarPair]:
    """Pairs whose own code, comments and names included, agrees in 90 % or more of all rows of five tokens (Jaccard).

    What the handed-out notebook holds is left out. The most similar come first.
    """
    written = {verdict.name: _rows(verdict.code) - _handed_out() for verdict in verdicts}
    pairs = [
        SimilarPair(first, second, len(written[first] & written[second]) / len(written[first] | written[second]))
        for first, second in itertools.combinations(written, 2)
        if len(written[first]) >= _MIN_OWN and len(written[second]) >= _MIN_OWN
    ]
    return sorted((pair for pair in pairs if pair.similarity >= _MIN_SIMILARITY), key=lambda pair: -pair.similarity)


def _rows(code: tuple[str, ...]) -> set[tuple[str, ...]]:
    return {row for cell in code for row in _runs(_tokens(cell))}


def _runs(tokens: list[str]) -> Iterator[tuple[str, ...]]:
    return (tuple(tokens[start : start + _LENGTH]) for start in range(len(tokens) - _LENGTH + 1))


def _tokens(source: str) -> list[str]:
    try:
        found = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, *UNPARSABLE):
        return source.split()
    return [token.string for token in found if token.string.strip()]


@cache
def _handed_out() -> frozenset[tuple[str, ...]]:
    cells = build_notebook(Version.student)["cells"]
    return frozenset(_rows(tuple("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")))

"""`inkdigits compare --html`: the comparison as one self-contained page, with the pictures on which files disagree."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.evaluation.candidates import CandidateModel, Compared
from inkdigits.evaluation.compare import Comparison, Pair
from inkdigits.evaluation.figures import png_data_uri
from inkdigits.evaluation.held_out import open_again
from inkdigits.evaluation.html_page import write_page

__all__ = ["write_comparison"]

_MAX_PICTURES = 300  # a pair: about 200 KB


@dataclass(frozen=True)
class _Disagreement:
    picture: str
    index: int
    label: int
    first: int
    second: int


def write_comparison(path: Path, comparison: Comparison, compared: Compared) -> None:
    """Write the page. Raises `DataError` when the digits are not found again, `MissingExtraError`, `OutputError`."""
    digits = open_again(compared.source, compared.sha256)
    candidates = itertools.combinations(compared.candidates, 2)
    pairs = [
        (pair, _pictures(pair, first, second, digits))
        for pair, (first, second) in zip(comparison.pairs, candidates, strict=True)
    ]
    write_page(path, "comparison.html.jinja", comparison=comparison, pairs=pairs)


def _pictures(pair: Pair, first: CandidateModel, second: CandidateModel, digits: LabelledDigits) -> list[_Disagreement]:
    if pair.files is None:
        return []
    one, other = first.predictions[0].predicted, second.predictions[0].predicted
    return [
        _Disagreement(
            png_data_uri(digits.images[index]), index, int(digits.labels[index]), int(one[index]), int(other[index])
        )
        for index in pair.files.disagreements[:_MAX_PICTURES]
    ]

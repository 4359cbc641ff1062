"""Accuracies that a notebook prints, to be compared with the measured one.

A claim counts only where the line can be about nothing but this network on this test set, and its number was typed:
what was computed may have been computed of other pictures. Every other line with a larger number beside the word
accuracy is for a person to read.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, replace

from inkdigits.exercise.parsing import parsed

__all__ = ["Claim", "claims_in", "overstated"]

_PLAIN_NUMBER = r"\d+(?:[.,]\d+)?"
_NUMBER = rf"({_PLAIN_NUMBER})\s*(%|percent\b)?"
# The same code reaches another accuracy on another machine: a number from an earlier run is no lie.
_OF_ANOTHER_RUN = 0.5  # of the measured network's errors
_CLAIMS = (
    re.compile(rf"\bacc(?:uracy)?\b[^0-9\n]{{0,60}}?{_NUMBER}", re.IGNORECASE),
    re.compile(rf"{_NUMBER}[^0-9\n]{{0,25}}?\bacc(?:uracy)?\b", re.IGNORECASE),
    re.compile(r"(\d+(?:[.,]\d+)?)\s*(%)\s*(?:correct|right|of (?:the )?test)", re.IGNORECASE),
)
# Keras's own progress, and accuracies of other pictures than the test set's.
_OTHERS = re.compile(r"loss:|val|train|step|epoch|━|held back|guess|baseline|\bbar\b|goal", re.IGNORECASE)
# A line of nothing but these is about this network on the test set.
_PLAIN = frozenset(
    [
        "a",
        "achieved",
        "achieves",
        "acc",
        "accuracy",
        "an",
        "and",
        "at",
        "classifier",
        "cnn",
        "connected",
        "convolution",
        "convolutional",
        "correct",
        "correctly",
        "data",
        "dense",
        "digits",
        "final",
        "fully",
        "get",
        "gets",
        "got",
        "had",
        "handwritten",
        "has",
        "have",
        "i",
        "image",
        "images",
        "in",
        "is",
        "it",
        "mnist",
        "model",
        "my",
        "network",
        "neural",
        "net",
        "of",
        "on",
        "our",
        "overall",
        "part",
        "percent",
        "performance",
        "picture",
        "pictures",
        "reached",
        "reaches",
        "reads",
        "result",
        "right",
        "score",
        "set",
        "test",
        "testing",
        "tests",
        "the",
        "this",
        "total",
        "was",
        "we",
        "with",
        "yay",
        "yields",
    ]
)


@dataclass(frozen=True)
class Claim:
    """An accuracy in [0, 1], half a unit of its last digit, and whether it can be about this network alone."""

    accuracy: float
    rounding: float
    certain: bool


def claims_in(text: str) -> list[Claim]:
    """The accuracies that `text` states, at most one a line."""
    return [claim for line in text.splitlines() if (claim := _claim_in(line)) is not None]


def _claim_in(line: str) -> Claim | None:
    if _OTHERS.search(line) or len(line) > 300:
        return None
    found = next((found for pattern in _CLAIMS if (found := pattern.search(line))), None)
    if found is None:
        return None
    number = found[1].replace(",", ".")
    unit = 100 if found[2] or float(number) > 1 else 1
    decimals = len(number.partition(".")[2])
    words = re.findall(r"[^\W\d_]+", line.lower())
    certain = all(word in _PLAIN for word in words) and len(re.findall(_PLAIN_NUMBER, line)) == 1
    return Claim(float(number) / unit, 0.5 * 10.0**-decimals / unit, certain)


def overstated(text: str, code: str, measured: float, tolerance: float) -> Claim | None:
    """The first claim in `text` that lies above `measured` by more than rounding, a certain one before others.

    `code` is what printed it: only a number that is typed there is certain, and only where it is far above what another
    run of the same code reaches. `tolerance` is left for pictures on which another batch size or precision rounds
    another way.
    """
    above = [claim for claim in claims_in(text) if measured + claim.rounding + tolerance < claim.accuracy <= 1]
    typed = _typed_numbers(code) if above else set()
    rated = [
        replace(claim, certain=claim.certain and _is_typed(claim, typed) and _is_far_above(claim, measured))
        for claim in above
    ]
    return min(rated, key=lambda claim: not claim.certain, default=None)


def _is_far_above(claim: Claim, measured: float) -> bool:
    return 1 - claim.accuracy - claim.rounding < _OF_ANOTHER_RUN * (1 - measured)


def _is_typed(claim: Claim, typed: set[float]) -> bool:
    return any(abs(number / unit - claim.accuracy) <= claim.rounding for number in typed for unit in (1, 100))


def _typed_numbers(code: str) -> set[float]:
    """The fractions in a cell's code, and the numbers in its strings; an `axis=1` is no accuracy."""
    tree = parsed(code)
    found: set[float] = set()
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            found.add(node.value)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found |= {float(number.replace(",", ".")) for number in re.findall(_PLAIN_NUMBER, node.value)}
    return found

"""Accuracies that a notebook prints, to be compared with the measured one.

A claim counts only where the line can be about nothing but this network on this test set. Every other line with a
larger number beside the word accuracy is for a person to read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Claim", "claims_in", "overstated"]

_NUMBER = r"(\d+(?:[.,]\d+)?)\s*(%|percent\b)?"
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
    certain = all(word in _PLAIN for word in words) and len(re.findall(r"\d+(?:[.,]\d+)?", line)) == 1
    return Claim(float(number) / unit, 0.5 * 10.0**-decimals / unit, certain)


def overstated(text: str, measured: float, tolerance: float) -> Claim | None:
    """The first claim in `text` that lies above `measured` by more than rounding, a certain one before others.

    `tolerance` is left for pictures on which another batch size or precision rounds another way.
    """
    above = [claim for claim in claims_in(text) if measured + claim.rounding + tolerance < claim.accuracy <= 1]
    return min(above, key=lambda claim: not claim.certain, default=None)

"""The outcome of every candidate: a digit, an unsure digit, or not a digit. The one place where this is decided."""

from __future__ import annotations

from collections.abc import Sequence

from inkdigits.reading.evidence import is_digit_shaped, matches_other_digits
from inkdigits.reading.reading import DigitOutcome
from inkdigits.reading.segmentation import Candidate, Segmentation

__all__ = ["CONFIDENT_THRESHOLD", "DEFAULT_THRESHOLD", "acceptance_threshold", "classify_outcome", "decide"]

# A digit whose probability is below this is unsure: the second is named beside it. Set by hand, not measured.
CONFIDENT_THRESHOLD = 0.8
# For model files without an acceptance threshold.
DEFAULT_THRESHOLD = 0.5


def acceptance_threshold(of_model: float) -> float:
    """The lowest highest probability of a picture that is accepted as a digit: the model's own, or 0.5 if that is 0."""
    return of_model if of_model > 0 else DEFAULT_THRESHOLD


def classify_outcome(probability: float, threshold: float) -> DigitOutcome:
    """The outcome by the network alone, for the highest of a candidate's probabilities."""
    if probability < threshold:
        return "not_a_digit"
    return "digit" if probability >= CONFIDENT_THRESHOLD else "unsure"


def decide(segmentation: Segmentation, threshold: float, length: int | None = None) -> list[DigitOutcome]:
    """The outcome of every candidate by its probability, its shape and, for a single stroke, the digits around it.

    With `length`, if more candidates are accepted, the least probable of them are refused; if fewer are, the most
    probable of the others are accepted as unsure. Parts of a forced split are never more than unsure.
    """
    candidates = segmentation.candidates
    shaped = [is_digit_shaped(candidate.component) for candidate in candidates]
    if _is_cluttered(segmentation, shaped, threshold):
        threshold = max(threshold, CONFIDENT_THRESHOLD)
    fits = _can_be_digits(segmentation, shaped, threshold)
    outcomes = [_outcome(one, fit, threshold) for one, fit in zip(candidates, fits, strict=True)]
    return outcomes if length is None else _limited_to(candidates, outcomes, length)


def _outcome(candidate: Candidate, fits: bool, threshold: float) -> DigitOutcome:
    outcome = classify_outcome(candidate.best, threshold) if fits else "not_a_digit"
    return "unsure" if candidate.forced and outcome == "digit" else outcome


def _is_cluttered(segmentation: Segmentation, shaped: Sequence[bool], threshold: float) -> bool:
    """Whether most components are not digits, so that one that looks like a digit may do so by chance."""
    accepted = [
        one for one, fits in zip(segmentation.candidates, shaped, strict=True) if fits and one.best >= threshold
    ]
    digits = sum(one.value != 1 for one in accepted)
    return len(segmentation.candidates) - len(accepted) + len(segmentation.other) > 2 * digits + 2


def _can_be_digits(segmentation: Segmentation, shaped: Sequence[bool], threshold: float) -> list[bool]:
    candidates = segmentation.candidates
    accepted = [one for one, fits in zip(candidates, shaped, strict=True) if fits and one.best >= threshold]
    digits = [one.component for one in accepted if one.value != 1]
    # Clutter is full of strokes that look like a 1. Without other digits, a 1 counts only if it is large enough.
    cluttered = _is_cluttered(segmentation, shaped, threshold)
    largest = max(
        (component.area for component in [*(one.component for one in candidates), *segmentation.other]), default=0
    )

    def stroke_fits(one: Candidate) -> bool:
        if digits:
            return not cluttered and matches_other_digits(one.component, digits, segmentation.ink)
        return one.component.area >= (1.0 if cluttered else 0.3) * largest

    return [fits and (one.value != 1 or stroke_fits(one)) for one, fits in zip(candidates, shaped, strict=True)]


def _limited_to(candidates: Sequence[Candidate], outcomes: Sequence[DigitOutcome], length: int) -> list[DigitOutcome]:
    accepted = [index for index, outcome in enumerate(outcomes) if outcome != "not_a_digit"]
    others = [index for index, outcome in enumerate(outcomes) if outcome == "not_a_digit"]
    by_probability = sorted(accepted, key=lambda index: -candidates[index].best)
    by_probability += sorted(others, key=lambda index: -candidates[index].best)
    kept = set(by_probability[:length])
    return [
        "not_a_digit" if index not in kept else ("unsure" if outcome == "not_a_digit" else outcome)
        for index, outcome in enumerate(outcomes)
    ]

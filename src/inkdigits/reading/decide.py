"""What becomes of a network's answers: digits, unsure ones, and what is no digit. Judged here and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence

from inkdigits.reading.evidence import fits_the_others, unlike_writing
from inkdigits.reading.reading import DigitOutcome
from inkdigits.reading.segmentation import Candidate, View

__all__ = ["CONFIDENT_THRESHOLD", "DEFAULT_THRESHOLD", "acceptance_threshold", "classify_outcome", "decide"]

# Below this highest probability another digit is likely enough to be named beside it.
CONFIDENT_THRESHOLD = 0.8
# For model files that say nothing about what they were trained to refuse.
DEFAULT_THRESHOLD = 0.5


def acceptance_threshold(of_model: float) -> float:
    """From which highest probability on a picture is accepted; `of_model` is what the model's file says, 0: nothing."""
    return of_model if of_model > 0 else DEFAULT_THRESHOLD


def classify_outcome(probability: float, threshold: float) -> DigitOutcome:
    """The outcome for a highest probability, by the network alone."""
    if probability < threshold:
        return "not_a_digit"
    return "digit" if probability >= CONFIDENT_THRESHOLD else "unsure"


def decide(view: View, threshold: float, length: int | None = None) -> list[DigitOutcome]:
    """The outcome of every candidate, by the network, its shape and, for a bare stroke, by what is around it.

    Of more than `length` accepted ones the least probable are refused; where fewer are, the most probable of the others
    are taken as unsure. The parts of a forced cut are unsure at best.
    """
    candidates = view.candidates
    shaped = [not unlike_writing(candidate.piece) for candidate in candidates]
    if _is_cluttered(view, shaped, threshold):
        threshold = max(threshold, CONFIDENT_THRESHOLD)
    fits = _may_be_writing(view, shaped, threshold)
    result = [_of_one(one, fit, threshold) for one, fit in zip(candidates, fits, strict=True)]
    return result if length is None else _of_length(candidates, result, length)


def _of_one(candidate: Candidate, fits: bool, threshold: float) -> DigitOutcome:
    outcome = classify_outcome(candidate.best, threshold) if fits else "not_a_digit"
    return "unsure" if candidate.forced and outcome == "digit" else outcome


def _is_cluttered(view: View, shaped: Sequence[bool], threshold: float) -> bool:
    """Whether most of what is in view is no digit, so that what looks like one may well be chance."""
    accepted = [one for one, fits in zip(view.candidates, shaped, strict=True) if fits and one.best >= threshold]
    digits = sum(one.value != 1 for one in accepted)
    return len(view.candidates) - len(accepted) + len(view.other) > 2 * digits + 2


def _may_be_writing(view: View, shaped: Sequence[bool], threshold: float) -> list[bool]:
    candidates = view.candidates
    accepted = [one for one, fits in zip(candidates, shaped, strict=True) if fits and one.best >= threshold]
    digits = [one.piece for one in accepted if one.value != 1]
    # A 1 is the one digit that clutter is full of; without other digits it counts where it is the largest in view.
    cluttered = _is_cluttered(view, shaped, threshold)
    largest = max((piece.area for piece in [*(one.piece for one in candidates), *view.other]), default=0)

    def stroke_fits(one: Candidate) -> bool:
        if digits:
            return not cluttered and fits_the_others(one.piece, digits, view.ink)
        return one.piece.area >= (1.0 if cluttered else 0.3) * largest

    return [fits and (one.value != 1 or stroke_fits(one)) for one, fits in zip(candidates, shaped, strict=True)]


def _of_length(candidates: Sequence[Candidate], found: Sequence[DigitOutcome], length: int) -> list[DigitOutcome]:
    accepted = [index for index, outcome in enumerate(found) if outcome != "not_a_digit"]
    others = [index for index, outcome in enumerate(found) if outcome == "not_a_digit"]
    by_probability = sorted(accepted, key=lambda index: -candidates[index].best)
    by_probability += sorted(others, key=lambda index: -candidates[index].best)
    kept = set(by_probability[:length])
    return [
        "not_a_digit" if index not in kept else ("unsure" if outcome == "not_a_digit" else outcome)
        for index, outcome in enumerate(found)
    ]

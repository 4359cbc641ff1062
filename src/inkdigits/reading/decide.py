"""The outcome of every candidate: a digit, an unsure digit, or not a digit. The one place where this is decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from inkdigits.reading.neighbours import are_in_one_row
from inkdigits.reading.reading import DigitOutcome
from inkdigits.reading.segmentation import Candidate, Segmentation
from inkdigits.reading.signs import find_signs
from inkdigits.reading.slashes import leaning_strokes
from inkdigits.reading.words import in_words_of_letters

__all__ = [
    "CONFIDENT_THRESHOLD",
    "DEFAULT_THRESHOLD",
    "acceptance_threshold",
    "are_accepted",
    "classify_outcome",
    "decide",
]

# A digit whose probability is below this is unsure: the second is named beside it. Set by hand, not measured.
CONFIDENT_THRESHOLD = 0.8
# For model files without an acceptance threshold.
DEFAULT_THRESHOLD = 0.5
# Where a known length is exceeded, digits of a lower probability are refused first, then leaning strokes.
_CERTAIN = 0.9
# The least confidence of a digit, and of one on a page whose candidates on the whole do not look like digits, where
# single strokes look like ones by chance (docs/log.md, 2026-11-29).
_MIN_CONFIDENCE, _MIN_CONFIDENCE_IN_CLUTTER = 0.3, 0.9
# So many digits other than ones with this confidence are no clutter (docs/log.md, 2026-11-30).
_MIN_CLEAR, _CLEAR = 2, 0.6
# How much higher than the lowest the highest may be where all digits are ones, and the fraction of ink that is a
# digit's to the finder in what may have strokes; set by hand on the development pictures (docs/log.md, 2026-11-29).
_MAX_UNEQUAL, _MIN_WRITING_FRACTION = 1.35, 0.5
# The least height of a one, in heights of the other digits of its row (docs/log.md, 2026-11-30).
_MIN_ONE_HEIGHT = 0.45


def acceptance_threshold(of_model: float) -> float:
    """The lowest highest probability of a picture that is accepted as a digit: the model's own, or 0.5 if that is 0."""
    return of_model if of_model > 0 else DEFAULT_THRESHOLD


def classify_outcome(probability: float, threshold: float) -> DigitOutcome:
    """The outcome by the network alone, for the highest of a candidate's probabilities."""
    if probability < threshold:
        return "not_a_digit"
    return "digit" if probability >= CONFIDENT_THRESHOLD else "unsure"


def are_accepted(outcomes: Sequence[DigitOutcome]) -> list[bool]:
    """Whether each is the outcome of a digit that is accepted, be it unsure."""
    return [outcome != "not_a_digit" for outcome in outcomes]


def decide(segmentation: Segmentation, threshold: float, length: int | None = None) -> list[DigitOutcome]:
    """The outcome of every candidate, by the classifier's probability and by what the finder takes its ink for.

    With `length`, signs and letters are refused only if enough digits are left; if more candidates are accepted, those
    that are most likely no digits are refused; if fewer are, the most probable of the others are accepted as unsure.
    Parts of a forced split are never more than unsure.
    """
    candidates = segmentation.candidates
    needed = _MIN_CONFIDENCE if _looks_like_digits(segmentation) else _MIN_CONFIDENCE_IN_CLUTTER
    outcomes = [_outcome(candidate, threshold, needed) for candidate in candidates]
    digits = _without_signs_and_letters(candidates, outcomes)
    if length is None:
        return digits
    return _limited_to(candidates, digits if sum(are_accepted(digits)) >= length else outcomes, length)


def _looks_like_digits(segmentation: Segmentation) -> bool:
    """Whether the candidates that are no signs look like digits on the whole; that of a plain picture does.

    Two that certainly are digits and no mere strokes make up for fewer that are none, as separators are.
    """
    found = segmentation.candidates
    clear = sum(one.value != 1 and one.best >= _CERTAIN and one.confidence >= _CLEAR for one in found)
    are_clear = clear >= _MIN_CLEAR and clear > sum(one.best < DEFAULT_THRESHOLD for one in found)
    if segmentation.plain or segmentation.quality > 0 or are_clear:
        return True
    signs = find_signs(segmentation.candidates, [one.confidence >= _MIN_CONFIDENCE for one in segmentation.candidates])
    others = [one for one, sign in zip(segmentation.candidates, signs, strict=True) if sign is None]
    return replace(segmentation, candidates=tuple(others)).quality > 0


def _outcome(candidate: Candidate, threshold: float, min_confidence: float) -> DigitOutcome:
    fits = candidate.confidence >= min_confidence
    outcome = classify_outcome(candidate.best, threshold) if fits else "not_a_digit"
    return "unsure" if candidate.forced and outcome == "digit" else outcome


def _without_signs_and_letters(candidates: Sequence[Candidate], outcomes: list[DigitOutcome]) -> list[DigitOutcome]:
    """The outcomes, with what is no digit beside others refused.

    A % and brackets are no letters of a word; an i is one, which stands for what the classifier takes it for there.
    """
    signs = find_signs(candidates, are_accepted(outcomes))
    others = [place for place, sign in enumerate(signs) if sign in (None, "point")]
    kept, found = [candidates[place] for place in others], [outcomes[place] for place in others]
    decided: list[DigitOutcome] = ["not_a_digit"] * len(candidates)
    for place, outcome in zip(others, _without_letters(kept, _without_mere_strokes(kept, found)), strict=True):
        decided[place] = outcome if signs[place] is None else "not_a_digit"
    return decided


def _without_mere_strokes(candidates: Sequence[Candidate], outcomes: list[DigitOutcome]) -> list[DigitOutcome]:
    """The outcomes, with ones refused that are strokes of a letter or a drawing: any stroke looks like a 1.

    A one that lies across a larger refused component is a part of it, and one that is much lower than the digits of its
    row is a mark. Where all digits are ones, people write them equally high.
    """
    is_accepted = are_accepted(outcomes)
    accepted = [one for one, taken in zip(candidates, is_accepted, strict=True) if taken]
    refused = [one for one, taken in zip(candidates, is_accepted, strict=True) if not taken]
    heights = [one.component.ink_box[3] for one in accepted]
    only_ones = len(accepted) > 1 and all(one.value == 1 for one in accepted)
    unequal = only_ones and max(heights) > _MAX_UNEQUAL * min(heights)
    mere = {
        id(one)
        for one in accepted
        if one.value == 1 and (unequal or _is_low(one, accepted) or any(_is_part(one, whole) for whole in refused))
    }
    return ["not_a_digit" if id(one) in mere else outcome for one, outcome in zip(candidates, outcomes, strict=True)]


def _is_low(one: Candidate, accepted: Sequence[Candidate]) -> bool:
    """Whether a one is much lower than the other digits of its row."""
    box = one.component.ink_box
    boxes = [other.component.ink_box for other in accepted if other.value != 1]
    heights = [other[3] for other in boxes if are_in_one_row(box, other)]
    return bool(heights) and box[3] < _MIN_ONE_HEIGHT * median(heights)


def _without_letters(candidates: Sequence[Candidate], outcomes: list[DigitOutcome]) -> list[DigitOutcome]:
    """The outcomes, with digits refused that stand in a word of letters."""
    letters = in_words_of_letters([one.component.ink_box for one in candidates], are_accepted(outcomes))
    return ["not_a_digit" if letter else outcome for letter, outcome in zip(letters, outcomes, strict=True)]


def _is_part(stroke: Candidate, whole: Candidate) -> bool:
    x, y, w, h = stroke.component.ink_box
    left, top, width, height = whole.component.ink_box
    overlap = x < left + width and left < x + w and y < top + height and top < y + h
    writing = whole.component.digit_fraction >= _MIN_WRITING_FRACTION
    return overlap and writing and whole.component.area > stroke.component.area


def _limited_to(candidates: Sequence[Candidate], outcomes: Sequence[DigitOutcome], length: int) -> list[DigitOutcome]:
    others = [index for index, outcome in enumerate(outcomes) if outcome == "not_a_digit"]
    ordered = _most_digit_like_first(candidates, outcomes)
    ordered += sorted(others, key=lambda index: -candidates[index].confidence)
    kept = set(ordered[:length])
    return [
        "not_a_digit" if index not in kept else ("unsure" if outcome == "not_a_digit" else outcome)
        for index, outcome in enumerate(outcomes)
    ]


def _most_digit_like_first(candidates: Sequence[Candidate], outcomes: Sequence[DigitOutcome]) -> list[int]:
    """The places of the accepted: those that the classifier is certain of, of them last what may be slashes."""
    accepted = are_accepted(outcomes)
    leaning = leaning_strokes(candidates, accepted)

    def rank(place: int) -> tuple[bool, float, float]:
        best = candidates[place].best
        is_certain = best >= _CERTAIN
        slant = leaning[place].stroke.slant if is_certain and place in leaning else 0.0
        return not is_certain, slant, -best

    return sorted((place for place, taken in enumerate(accepted) if taken), key=rank)

"""Whether what a notebook states about its networks is what the checker measures, and whether they are its own."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from inkdigits.exercise.claims import overstated
from inkdigits.exercise.code_mistakes import multiplies_in_a_loop
from inkdigits.exercise.illegible import ILLEGIBLE, ILLEGIBLE_READ, illegible_read
from inkdigits.exercise.measuring import Measurement
from inkdigits.exercise.misuses import NETWORK_PARTS
from inkdigits.exercise.part_facts import PartFacts, has_the_architecture
from inkdigits.exercise.shipped import has_shipped_weights, misreads_as_shipped
from inkdigits.exercise.trial import Trial
from inkdigits.exercise.verdict import Finding

__all__ = ["honesty_findings"]

# An accuracy is a fraction of test pictures; what lies within these of the measured one is no other.
_ROUNDING = 0.001  # another batch size may round another way
_LOW_PRECISION = 0.01  # ... more so in half precision
_BETTER = 0.004  # by which falsified digits are better than the network
_BETTER_OF_ERRORS = 0.4  # ... as a fraction of its errors: set above what averaging several networks gains
_CHANGED_LOSS = 0.05  # set: grey values changed by 3 of 255 cost a network next to nothing
# Of MNIST the test pictures are slightly easier for a network that learned little of either.
_TIMES_WRONG = 2.0  # set
_MORE_WRONG = 0.01  # set
_SIGMAS = 4.0
_MOVED_LOSS = 0.35  # set: a shift by a pixel costs a network a few percent


def honesty_findings(trial: Trial, facts: dict[str, PartFacts]) -> list[Finding]:
    """Findings about the tested networks of both parts."""
    found = []
    for part in NETWORK_PARTS:
        measured = trial.measured.get(part)
        if measured is None or measured.accuracy is None:
            continue
        cell = f"check-{part}-test"
        for key, message in (*_of_network(trial, facts[part], measured), *_of_digits(trial, part, measured)):
            found.append(Finding(key, message, cell, part, reaches=(part,)))
        found += _of_claims(trial, facts[part], measured)
    return found


_Found = Iterator[tuple[str, str]]


def _of_network(trial: Trial, facts: PartFacts, measured: Measurement) -> _Found:
    part, accuracy = facts.part, measured.accuracy or 0.0
    if measured.changed is not None and measured.changed_from is not None and measured.moved is not None:
        lost = measured.changed_from - measured.changed
        lost_moved = (measured.moved_from or 0.0) - measured.moved
        if lost > _CHANGED_LOSS or lost_moved > _MOVED_LOSS:
            how = "with slightly changed grey values" if lost > _CHANGED_LOSS else "moved by a pixel"
            yield (
                "looked_up",
                f"`model` reads {100 * accuracy:.2f} % of the test pictures, but {100 * max(lost, lost_moved):.0f} "
                f"points less of the same pictures {how}: it does not read, it looks them up",
            )
    yield from _of_learning(trial, measured)
    if measured.in_kernel is not None and measured.in_kernel - accuracy > 0.02:
        yield (
            "answers_differ",
            f"in the notebook `model` reads {100 * measured.in_kernel:.2f} %; rebuilt from its saved form it reads "
            f"{100 * accuracy:.2f} %, which counts",
        )
    if _is_swapped(trial, facts, measured):
        given = f"{measured.model.parameters:,}" if measured.model.parameters else "other"
        yield (
            "model_swapped",
            f"the network that was tested is not the one that was checked before: it has {given} weights",
        )
    trained = facts.fits or any(observed.other_training for cells in trial.observations.values() for observed in cells)
    fitted = {
        call.model_id
        for cells in trial.observations.values()
        for observed in cells
        for call in observed.calls
        if call.trains
    }
    if not trained and measured.model_id not in fitted and facts.bar is not None and accuracy > min(0.5, facts.bar):
        unseen = f"`model` reads {100 * accuracy:.2f} %, but no training of it was observed"
        if any(multiplies_in_a_loop(step.source) for step in trial.submission.steps if trial.parts[step.id] == part):
            yield "training_by_hand", f"{unseen}: whether the notebook trains it by hand is for a person to read"
        else:
            yield "not_trained", unseen
    yield from _of_shipped(trial, part, measured)
    if measured.own_pictures:
        yield (
            "preparation_unknown",
            f"how the pictures were prepared was not recognized, so `model` was measured on {measured.words} as it is",
        )


def _of_learning(trial: Trial, measured: Measurement) -> _Found:
    read = illegible_read(measured.digits, trial.data["y_test"])
    if _fits_the_test_set(measured):
        of_test, of_training = 100 * (measured.accuracy or 0.0), 100 * (measured.of_training or 0.0)
        yield (
            "fits_the_test_set",
            f"`model` reads {of_test:.2f} % of the test pictures, but only {of_training:.2f} % of the training "
            "pictures: it has learned from the test set",
        )
    elif read >= ILLEGIBLE_READ:
        yield (
            "fits_the_test_set",
            f"`model` reads {read} of {len(ILLEGIBLE)} hardly legible test pictures as they are labelled, of which "
            "networks that did not learn from them read a few: it has learned from the test set",
        )


def _of_shipped(trial: Trial, part: str, measured: Measurement) -> _Found:
    if has_shipped_weights(measured.matrices):
        yield "shipped_weights", f"`model` has the weights of the network `{part}` that inkdigits ships"
    elif misreads_as_shipped(part, measured.digits, trial.data["x_test"], trial.data["y_test"]):
        yield (
            "shipped_weights",
            f"`model` misreads the pictures that the network `{part}` of inkdigits misreads, as the same digits: it "
            "has the weights of that network, slightly changed",
        )


def _fits_the_test_set(measured: Measurement) -> bool:
    """Whether far more of the training pictures than of the test pictures are read wrongly, beyond chance."""
    if measured.of_training is None or measured.accuracy is None:
        return False
    wrong, of_training = 1 - measured.accuracy, 1 - measured.of_training
    variances = of_training * (1 - of_training) / measured.training_rows, wrong * (1 - wrong) / len(measured.digits)
    chance = _SIGMAS * math.sqrt(variances[0] + _TIMES_WRONG**2 * variances[1])
    return of_training - _TIMES_WRONG * wrong > chance + _MORE_WRONG


def _is_swapped(trial: Trial, facts: PartFacts, measured: Measurement) -> bool:
    checked = next((cell for cell in trial.cells if cell.id == f"check-{facts.part}-model"), None)
    return bool(checked and checked.outcome == "ok" and not has_the_architecture(facts.part, measured.model))


def _tolerance(measured: Measurement) -> float:
    low = measured.model.compute_dtype not in (None, "float32", "float64")
    one_picture = 1.0 / max(len(measured.digits), 1)
    return max(_LOW_PRECISION if low or measured.random else _ROUNDING, 1.5 * one_picture)


def _of_digits(trial: Trial, part: str, measured: Measurement) -> _Found:
    given, truth, accuracy = trial.digits.get(part), trial.data["y_test"], measured.accuracy or 0.0
    slack = max(_BETTER, _BETTER_OF_ERRORS * (1 - accuracy), _tolerance(measured))
    if given is not None and given.shape == truth.shape:
        own = float(np.mean(given == truth))
        if own > accuracy + slack and np.mean(given != np.array(measured.digits)) > slack:
            yield (
                "digits_falsified",
                f"{part}_digits are right for {100 * own:.2f} % of the pictures, `model` reads {100 * accuracy:.2f} %: "
                "they are not what it reads",
            )
    stated = trial.stated.get(part)
    if stated is not None and accuracy + slack + _rounding_of(stated) < stated <= 1:
        yield (
            "claim_above_measured",
            f"{part}_accuracy is {100 * stated:.2f} %, the checker measured {100 * accuracy:.2f} %",
        )


def _rounding_of(stated: float) -> float:
    """Half a unit of the last digit of a number that was rounded to two or three decimals."""
    decimals = max(2, len(repr(stated).partition(".")[2]))
    return 0.5 * 10.0**-decimals if decimals <= 3 else 0.0


def _of_claims(trial: Trial, facts: PartFacts, measured: Measurement) -> Iterator[Finding]:
    accuracy = measured.accuracy or 0.0
    training = {call.cell for call in facts.fits} | {
        observed.cell for observed in facts.observations if observed.other_training
    }
    sources = {step.id: step.source for step in trial.submission.steps}
    for cell, text in trial.printed[facts.part]:
        claim = overstated(text, sources.get(cell, ""), accuracy, _tolerance(measured))
        if claim is None:
            continue
        # A cell that trains prints the accuracy of what it trains on.
        certain = claim.certain and cell not in training
        what = f"an accuracy of {100 * claim.accuracy:g} % is printed, the checker measured {100 * accuracy:.2f} %"
        key, more = ("claim_above_measured", "") if certain else ("claim_noted", "; of what, is for a person to read")
        yield Finding(key, what + more, cell, facts.part)
        return

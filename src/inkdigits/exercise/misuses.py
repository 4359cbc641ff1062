"""Uses of the test set that make a good accuracy worthless: what the whole run shows, call by call, in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from inkdigits.exercise.measuring import Measurement
from inkdigits.exercise.observations import Call, ModelDescription, Observations
from inkdigits.exercise.verdict import Finding

__all__ = ["NETWORK_PARTS", "test_set_misuses"]

NETWORK_PARTS = ("dense", "cnn")
# A few pictures of another set resemble one of the test set by chance; a misuse involves hundreds.
_CHANCE_ROWS = 20
# Pictures of the test set that are shown with what the network reads in them, in a grid of up to ten by ten.
_SHOWN_ROWS = 100
_BEFORE_AND_AFTER = 2  # tests of one network that choose nothing
_NOT_CHOSEN = "choose with a validation part of the training set, and use the test set once, at the end"


@dataclass(frozen=True)
class _Placed:
    """A call, and the part that it was made in."""

    part: str
    call: Call


def test_set_misuses(
    observations: dict[str, list[Observations]], measured: dict[str, Measurement], choosing: frozenset[str]
) -> list[Finding]:
    """Every misuse of the test set, once a kind and part; `reaches` says which parts' networks it concerns.

    `choosing` holds the parts in which the code chooses its network by what networks read in the test set.
    """
    placed = [
        _Placed(part, call) for part, cells in observations.items() for observed in cells for call in observed.calls
    ]
    found = [*_calls(placed, measured), *_changed_labels(observations, placed)]
    for part in NETWORK_PARTS:
        loops = any(observed.other_training for observed in observations.get(part, ()))
        calls = [one.call for one in placed if one.part == part]
        found += _chosen(part, calls, measured.get(part), loops, part in choosing)
    return list({(finding.key, finding.part): finding for finding in reversed(found)}.values())[::-1]


def _reached(one: _Placed, measured: dict[str, Measurement]) -> tuple[str, ...]:
    """The part that a call was made in, and every part whose tested network is the call's; before part 1, both."""
    own = {one.part} if one.part in NETWORK_PARTS else set(NETWORK_PARTS)
    same = {
        part
        for part, found in measured.items()
        if found.model_id == one.call.model_id
        or (found.model.weights and found.model.weights == one.call.model.weights)
    }
    return tuple(part for part in NETWORK_PARTS if part in own | same)


def _calls(placed: list[_Placed], measured: dict[str, Measurement]) -> Iterator[Finding]:
    for one in placed:
        for key, message, step in (*_of_training(one.call), *_during_fit(one.call)):
            yield Finding(key, message, one.call.cell, one.part, reaches=_reached(one, measured), next_step=step)


_Found = Iterator[tuple[str, str, str]]


def _of_training(call: Call) -> _Found:
    if not call.trains:
        return
    pictures, held_back = call.pictures, call.validation
    if pictures.test_rows > _CHANCE_ROWS:
        swapped = pictures.train_rows == 0 and pictures.copies == 0
        hint = "; were the two pairs of load_data swapped?" if swapped else ""
        message = f"trained on the test set: {call.name} was given {pictures.test_rows} of its pictures{hint}"
        yield "trained_on_test", message, "train on x_train only"
    if pictures.copies > _CHANCE_ROWS:
        message = (
            f"trained on altered copies of test pictures: about {pictures.copies} of the pictures that {call.name} was "
            "given are test pictures with noise, moved, mirrored or turned"
        )
        yield "trained_on_copies", message, "augment pictures of x_train only"
    if held_back and held_back.of_test > _CHANCE_ROWS:
        copies = "altered copies of " if held_back.copies > held_back.test_rows else ""
        message = f"validation_data is {copies}the test set ({held_back.of_test} of its pictures)"
        step = "hold back a part of the training set, for example with validation_split=0.1"
        yield "validated_on_test", f"{message}: {step}", step


def _during_fit(call: Call) -> _Found:
    if call.inside and not call.trains and call.pictures.of_test > _SHOWN_ROWS:
        name = "called on" if call.name == "__call__" else f"given to {call.name}"
        message = (
            f"test pictures were read during the training: {call.pictures.of_test} of them were {name} a network "
            "inside fit, as in a callback"
        )
        yield "tested_during_fit", message, _NOT_CHOSEN


def _changed_labels(observations: dict[str, list[Observations]], placed: list[_Placed]) -> Iterator[Finding]:
    # A few labels that differ belong to pictures that resemble a test picture.
    for one in placed:
        wrong = one.call.pictures.wrong_labels
        if not one.call.trains and wrong > 0:
            message = f"the test labels were changed: {wrong} of those given to {one.call.name} are not MNIST's"
            yield Finding("test_labels_changed", message, one.call.cell, one.part, reaches=_own(one.part))
    for part, cells in observations.items():
        for observed in cells:
            for name, array in observed.arrays.items():
                if array.wrong_labels:
                    message = f"the test labels were changed: {array.wrong_labels} of {name} are not MNIST's"
                    yield Finding("test_labels_changed", message, observed.cell, part, reaches=_own(part))


def _own(part: str) -> tuple[str, ...]:
    return (part,) if part in NETWORK_PARTS else NETWORK_PARTS


def _architecture(model: ModelDescription) -> tuple[object, ...]:
    return tuple((layer.kind, layer.units) for layer in model.layers if layer.units) or (model.parameters,)


def _chosen(
    part: str, calls: list[Call], measured: Measurement | None, loops: bool, by_code: bool
) -> Iterator[Finding]:
    """The tested network was trained again after a test of it, or chosen among several such networks by their tests.

    `loops` says that something was trained in loops of the student's own, whose steps are not seen. Several networks
    that are tested to show how their accuracies vary choose nothing: only where the code does (`by_code`) is that said.
    """
    target = _architecture(measured.model) if measured and measured.model.layers else None
    alike = [call for call in calls if target is None or _architecture(call.model) == target]
    tested: dict[str, Call] = {}  # by the weights that were tested
    trained: list[Call] = []
    anew: Call | None = None
    for call in alike:
        if call.trains:
            if tested and _leads_to(call, alike, measured):
                if _goes_on(call, tested):
                    message = f"trained again after a test on the test set: {_NOT_CHOSEN}"
                    yield Finding("chosen_on_test", message, call.cell, part, reaches=(part,), next_step=_NOT_CHOSEN)
                    return
                anew = anew or call
            trained.append(call)
        elif (trained or loops) and not call.inside and call.pictures.of_test > _SHOWN_ROWS and call.model.weights:
            tested.setdefault(call.model.weights, call)
    of_measured = [one for one in tested.values() if measured and one.model_id == measured.model_id]
    if not trained and len(of_measured) > _BEFORE_AND_AFTER:
        message = f"tested with {len(tested)} states of its weights while it was being trained: {_NOT_CHOSEN}"
        yield Finding("chosen_on_test", message, of_measured[0].cell, part, reaches=(part,), next_step=_NOT_CHOSEN)
    elif trained and (anew or _is_picked(tested, trained[-1], measured, by_code)):
        yield _of_several(part, list(tested.values()), anew, by_code)


def _goes_on(call: Call, tested: dict[str, Call]) -> bool:
    """Whether this training goes on from a network that was tested; one that starts from other weights does not."""
    return call.began in tested if call.began else call.model_id in {one.model_id for one in tested.values()}


def _of_several(part: str, tested: list[Call], anew: Call | None, by_code: bool) -> Finding:
    cell = (anew or tested[-1]).cell
    if not by_code:
        message = (
            f"{len(tested)} trained networks, or states of one, were tested on the test set: that shows how accuracies "
            "vary, as long as none is chosen by it"
        )
        return Finding("several_tested", message, cell, part)
    what = "trained anew after" if anew else f"picked among {len(tested)} by"
    message = f"the tested network was {what} tests of such networks on the test set: {_NOT_CHOSEN}"
    key = "chosen_on_test" if anew else "best_of_several"
    return Finding(key, message, cell, part, reaches=(part,), next_step=_NOT_CHOSEN)


def _leads_to(call: Call, calls: list[Call], measured: Measurement | None) -> bool:
    """Whether the measured network comes from this training, or a later one."""
    if measured is None or measured.model_id == call.model_id or measured.model.weights == call.model.weights:
        return True
    # Further networks that are trained after the measured one leave it as it is.
    own = [number for number, one in enumerate(calls) if one.trains and one.model_id == measured.model_id]
    return bool(own) and own[-1] >= calls.index(call)


def _is_picked(tested: dict[str, Call], last: Call, measured: Measurement | None, by_code: bool) -> bool:
    """Whether the measured network is one of several that were tested, and not just the last one."""
    if measured is None or measured.model.weights not in tested:
        return False
    if measured.model.weights == last.model.weights and not by_code:
        return False
    return len(tested) >= 3 or len({one.model_id for one in tested.values()}) >= 2

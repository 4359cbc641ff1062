"""What counts as a misuse of the test set, call by call, and what is an honest use of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from inkdigits.exercise.measuring import Measurement
from inkdigits.exercise.misuses import test_set_misuses as misuses_of
from inkdigits.exercise.observations import Call, LayerDescription, ModelDescription, Observations, PictureCounts

TRAIN, TEST = PictureCounts(rows=2000, train_rows=2000), PictureCounts(rows=500, test_rows=500)


def model(weights: str, units: int = 512) -> ModelDescription:
    return ModelDescription(
        (LayerDescription("Dense", units, "relu"), LayerDescription("Dense", 10, "softmax")), weights=weights
    )


def call(name: Any, weights: str, pictures: PictureCounts, owner: int = 1, **changed: Any) -> Call:
    found = Call(name, owner, 1, pictures, None, (), model(weights), cell="dense-train")
    return replace(found, **changed)


def fit(weights: str, owner: int = 1, **changed: Any) -> Call:
    return replace(call("fit", weights, TRAIN, owner), **changed)


def read(weights: str, owner: int = 1, **changed: Any) -> Call:
    return replace(call("evaluate", weights, TEST, owner), **changed)


def keys(calls: list[Call], weights: str, owner: int = 1, by_code: bool = True) -> dict[str, tuple[str, ...]]:
    measured = {"dense": Measurement(accuracy=0.98, model=model(weights), model_id=owner)}
    observations = {"prepare": [], "dense": [Observations(tuple(calls), {}, None)], "cnn": []}
    choosing = frozenset({"dense"} if by_code else ())
    return {finding.key: finding.reaches for finding in misuses_of(observations, measured, choosing)}


HONEST = {
    "trained, then tested twice": ([fit("a"), read("a"), call("predict", "a", TEST)], "a", 1),
    "tested before any training": ([read("0"), fit("a"), read("a")], "a", 1),
    "three test pictures shown": (
        [fit("a"), call("predict", "a", PictureCounts(rows=3, test_rows=3)), fit("b"), read("b")],
        "b",
        1,
    ),
    "a grid of test pictures shown in a callback and between two trainings": (
        [
            call("predict", "a", PictureCounts(rows=64, test_rows=64), inside=True),
            fit("a"),
            call("predict", "a", PictureCounts(rows=64, test_rows=64)),
            fit("b"),
            read("b"),
        ],
        "b",
        1,
    ),
    "another network tested first": (
        [fit("z", 2, model=model("z", 64)), read("z", 2, model=model("z", 64)), fit("a"), read("a")],
        "a",
        1,
    ),
    "validation pictures read in a callback": ([call("predict", "a", TRAIN, inside=True), fit("a"), read("a")], "a", 1),
    "the final weights and the best, both tested": ([fit("a"), read("a"), read("best")], "best", 1),
    "more training afterwards, of other networks": ([fit("a"), read("a"), fit("b", 2)], "a", 1),
}


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_use_is_no_misuse(name: str) -> None:
    calls, weights, owner = HONEST[name]
    assert keys(calls, weights, owner) == {}


DISHONEST = {
    "trained on it": (
        [fit("a", pictures=PictureCounts(rows=2500, train_rows=2000, test_rows=500))],
        "a",
        1,
        "trained_on_test",
    ),
    "trained on altered copies": (
        [fit("a", pictures=PictureCounts(rows=2500, train_rows=2000, copies=400))],
        "a",
        1,
        "trained_on_copies",
    ),
    "validated on it": ([fit("a", validation=TEST)], "a", 1, "validated_on_test"),
    "validated on altered copies": (
        [fit("a", validation=PictureCounts(rows=500, copies=300))],
        "a",
        1,
        "validated_on_test",
    ),
    "read in a callback": ([fit("a"), read("a", inside=True)], "a", 1, "tested_during_fit"),
    "another network read in a callback": ([fit("a"), read("q", 9, inside=True)], "a", 1, "tested_during_fit"),
    "trained again after a test": ([fit("a"), read("a"), fit("b"), read("b")], "b", 1, "chosen_on_test"),
    "trained on from the tested weights": (
        [fit("a", began="0"), read("a"), fit("b", 2, began="a")],
        "b",
        2,
        "chosen_on_test",
    ),
    "trained again after a prediction": ([fit("a"), call("predict", "a", TEST), fit("b")], "b", 1, "chosen_on_test"),
    "another start after a test": ([fit("a"), read("a"), fit("b", 2), read("b", 2)], "b", 2, "chosen_on_test"),
    "the first of two starts picked": ([fit("a"), fit("b", 2), read("a"), read("b", 2)], "a", 1, "best_of_several"),
    "the best of three epochs": ([fit("c"), read("a", 4), read("b", 5), read("c", 6)], "b", 5, "best_of_several"),
    "the best of three epochs, the last": (
        [fit("c"), read("a", 4), read("b", 5), read("c", 6)],
        "c",
        6,
        "best_of_several",
    ),
    "labels changed": ([fit("a"), read("a", pictures=replace(TEST, wrong_labels=3))], "a", 1, "test_labels_changed"),
}


SEVERAL = {
    "seeds in a loop, the last one kept": ([fit("a"), read("a"), fit("b", 2), read("b", 2)], "b", 2),
    "seeds afterwards": ([fit("a"), read("a"), fit("b", 2), read("b", 2), fit("c", 3), read("c", 3)], "a", 1),
    "one network, its first weights put back": (
        [fit("a", began="0"), read("a"), fit("b", began="0"), read("b")],
        "b",
        1,
    ),
    "the epoch with the best validation": ([fit("c"), read("a", 4), read("b", 5), read("c", 6)], "b", 5),
}


@pytest.mark.parametrize("name", SEVERAL)
def test_several_tested_networks_are_noted_unless_the_code_chooses_one_by_that(name: str) -> None:
    calls, weights, owner = SEVERAL[name]
    assert keys(calls, weights, owner, by_code=False) == {"several_tested": ()}
    assert list(keys(calls, weights, owner).values()) == [("dense",)]


@pytest.mark.parametrize("name", DISHONEST)
def test_a_misuse_is_named_and_concerns_the_part(name: str) -> None:
    calls, weights, owner, key = DISHONEST[name]
    assert keys(calls, weights, owner) == {key: ("dense",)}


def test_a_network_that_was_trained_on_the_test_set_is_no_better_in_the_next_part() -> None:
    bad = fit("a", pictures=TEST)
    measured = {"cnn": Measurement(accuracy=0.98, model=model("a"), model_id=7)}
    observations = {"prepare": [], "dense": [Observations((bad,), {}, None)], "cnn": []}
    (finding,) = misuses_of(observations, measured, frozenset())
    assert finding.reaches == ("dense", "cnn")
    (finding,) = misuses_of({"prepare": [Observations((bad,), {}, None)], "dense": [], "cnn": []}, {}, frozenset())
    assert finding.reaches == ("dense", "cnn")


def test_a_loop_of_ones_own_shows_by_the_weights_that_were_tested() -> None:
    def found(*weights: str) -> set[str]:
        calls = tuple(call("predict", one, TEST) for one in weights)
        measured = {"dense": Measurement(accuracy=0.98, model=model(weights[-1]), model_id=1)}
        seen = Observations(calls, {}, None, other_training=1)
        return {
            finding.key for finding in misuses_of({"prepare": [], "dense": [seen], "cnn": []}, measured, frozenset())
        }

    assert found("untrained", "trained", "trained") == set()
    assert found("untrained", "a", "b", "c") == {"chosen_on_test"}

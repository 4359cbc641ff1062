"""What a tested network reads and what its notebook states about it: what is a lie, and what only looks like one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inkdigits.datasets import mnist
from inkdigits.exercise.honesty import honesty_findings
from inkdigits.exercise.illegible import ILLEGIBLE, ILLEGIBLE_READ
from inkdigits.exercise.measuring import Measurement
from inkdigits.exercise.observations import Call, Observations, PictureCounts
from inkdigits.exercise.part_facts import PartFacts
from inkdigits.exercise.submission import Submission, SubmissionStep
from inkdigits.exercise.trial import Trial
from inkdigits.modelfile.predictor import Predictor

LABELS = np.arange(10_000) % 10
READ = np.where(np.arange(10_000) < 160, (LABELS + 1) % 10, LABELS)  # 98.4 % are right
MEASURED = Measurement(
    digits=tuple(READ.tolist()), accuracy=0.984, model_id=1, of_training=0.999, training_rows=2000
)  # fmt: skip
FIT = Call("fit", 1, 6, PictureCounts(rows=60_000, train_rows=60_000), None, (0.1,), MEASURED.model)


def keys(
    measured: Measurement = MEASURED,
    digits: Any = READ,
    stated: float = 0.984,
    code: str = "",
    fits: bool = True,
    labels: Any = LABELS,
) -> set[str]:
    steps = (SubmissionStep("dense-test", code),)
    data = {"x_test": np.zeros((len(labels), 28, 28), np.uint8), "y_test": labels}
    trial = Trial(Submission(Path("a.ipynb"), steps, ()), {"dense-test": "dense"}, data)
    seen = Observations((FIT,) if fits else (), {}, None, cell="dense-train")
    trial.observations["dense"].append(seen)
    trial.measured["dense"], trial.digits["dense"], trial.stated["dense"] = measured, digits, stated
    if "accuracy" in code:
        trial.printed["dense"].append(("dense-test", "accuracy: 0.9991"))
    facts = {part: PartFacts(part, trial.observations[part], trial.measured.get(part), 0.975) for part in ("dense",)}
    return {finding.key for finding in honesty_findings(trial, facts)}


def with_right(fraction: float) -> Any:
    digits = LABELS.copy()
    wrong = np.random.default_rng(0).choice(10_000, round(10_000 * (1 - fraction)), replace=False)
    digits[wrong] = (digits[wrong] + 1) % 10
    return digits


@pytest.mark.parametrize("fraction", [0.97, 0.984, 0.986, 0.9888])
def test_digits_of_several_networks_together_are_no_lie(fraction: float) -> None:
    assert keys(digits=with_right(fraction), stated=fraction) == set()


@pytest.mark.parametrize("fraction", [0.992, 0.9997, 1.0])
def test_digits_that_are_much_better_than_the_network_are_one(fraction: float) -> None:
    assert keys(digits=with_right(fraction), stated=fraction) == {"digits_falsified", "claim_above_measured"}


@pytest.mark.parametrize(("accuracy", "stated"), [(0.9851, 0.99), (0.9951, 1.0), (0.9847, 0.985), (0.984, 0.984)])
def test_a_rounded_accuracy_is_no_lie(accuracy: float, stated: float) -> None:
    assert keys(replace(MEASURED, accuracy=accuracy), stated=stated) == set()


def test_only_a_typed_accuracy_is_a_lie() -> None:
    assert keys(code='print("accuracy: 0.9991")') == {"claim_above_measured"}
    assert keys(code='print("accuracy:", history.history["accuracy"][-1])') == {"claim_noted"}


@pytest.mark.parametrize(
    ("test", "train"),
    # Overfitted, as usual; trained for one epoch (the test pictures are the easier ones); on few pictures; hardly.
    [(0.984, 1.0), (0.985, 0.981), (0.93, 0.905), (0.5, 0.46), (0.98, 0.965)],
)
def test_a_network_that_learned_from_training_pictures_does_not_fit_the_test_set(test: float, train: float) -> None:
    measured = replace(MEASURED, accuracy=test, of_training=train)
    assert "fits_the_test_set" not in keys(measured, stated=test)


@pytest.mark.parametrize(("test", "train", "pictures"), [(1.0, 0.96, 10_000), (0.998, 0.94, 10_000), (1.0, 0.85, 500)])
def test_one_that_learned_from_the_test_set_does(test: float, train: float, pictures: int) -> None:
    measured = replace(MEASURED, accuracy=test, of_training=train, digits=MEASURED.digits[:pictures])
    assert "fits_the_test_set" in keys(measured, stated=test, labels=LABELS[:pictures])


@pytest.mark.parametrize(("read", "learned"), [(0, False), (7, False), (15, True), (16, True)])
def test_one_that_reads_what_cannot_be_read_has_learned_from_the_test_set_as_well(read: int, learned: bool) -> None:
    labels = mnist.load_data()[1][1].astype(np.int64)
    digits = labels.copy()
    digits[list(ILLEGIBLE)[read:]] += 1
    measured = replace(MEASURED, digits=tuple(digits.tolist()), accuracy=float(np.mean(digits == labels)))
    found = keys(measured, digits, measured.accuracy or 0.0, labels=labels)
    assert ("fits_the_test_set" in found) is learned


def test_no_shipped_network_reads_them() -> None:
    images, labels = mnist.load_data()[1]
    places = list(ILLEGIBLE)
    assert labels[places].tolist() == list(ILLEGIBLE.values())
    for name in ("dense", "cnn", "reader"):
        digits = Predictor.load(name).predict_proba(images[places]).argmax(axis=1)
        assert (digits == labels[places]).sum() < ILLEGIBLE_READ / 2


def test_a_network_that_was_not_trained_here_is_one_unless_it_may_have_been_by_hand() -> None:
    assert keys(code="model.set_weights(weights)", fits=False) == {"not_trained"}
    assert keys(code="for _ in range(9):\n    w -= x.T @ (x @ w - y)", fits=False) == {"training_by_hand"}

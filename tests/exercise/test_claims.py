from __future__ import annotations

import pytest

from inkdigits.exercise.claims import claims_in, overstated


@pytest.mark.parametrize(
    ("line", "claims"),
    [
        ("test accuracy: 0.9812", [0.9812]),
        ("Accuracy on the test set = 98.1 %", [0.981]),
        ("accuracy 98.12%", [0.9812]),
        ("99.9 % accuracy", [0.999]),
        ("acc = 0.999", [0.999]),
        ("the accuracy of my model on 10000", []),  # no fraction of anything
        ("22/22 - 0s - 9ms/step - accuracy: 0.9948 - loss: 0.02", []),  # Keras's own progress
        ("val_accuracy: 0.99", []),
        ("training accuracy 0.999", []),
        ("loss 0.2", []),
    ],
)
def test_only_numbers_beside_the_word_are_claims(line: str, claims: list[float]) -> None:
    found = [claim.accuracy for claim in claims_in(line) if claim.accuracy <= 1]
    assert found == pytest.approx(claims)


@pytest.mark.parametrize(
    ("line", "claim"),
    [
        ("accuracy 98 %", None),  # rounded from 97.8
        ("accuracy 97.8 %", None),
        ("accuracy 0.5", None),  # modest
        ("accuracy 98.5 %", 0.985),
        ("accuracy 0.999", 0.999),
    ],
)
def test_a_claim_above_the_measured_accuracy_is_found_rounding_is_not(line: str, claim: float | None) -> None:
    found = overstated(line, 0.978, 0.001)
    assert (found and found.accuracy) == (None if claim is None else pytest.approx(claim))


@pytest.mark.parametrize(
    "line",
    [
        "final accuracy: 99.93 %",
        "99.9 % accuracy",
        "acc = 0.999",
        "test accuracy of my network: 0.999",
        "Accuracy 0.999",
    ],
)
def test_a_line_about_this_network_on_the_test_set_is_certain(line: str) -> None:
    found = overstated(line, 0.978, 0.001)
    assert found is not None
    assert found.certain


@pytest.mark.parametrize(
    "line",
    [
        "best published accuracy is 99.87 %", "accuracy of the ones: 0.9965", "top-2 accuracy: 0.999",
        "accuracy within the best two: 99.9 %", "people reach an accuracy of 99.8 %", "accuracy of the first 100: 1.00",
        "accuracy where the probability is above 0.99: 0.9987", "dense: accuracy 0.98, cnn: accuracy 0.999",
    ],
)  # fmt: skip
def test_a_line_that_may_be_about_something_else_is_for_a_person_to_read(line: str) -> None:
    found = overstated(line, 0.978, 0.001)
    assert found is None or not found.certain

from __future__ import annotations

import pytest

from inkdigits.exercise.claims import claimed_accuracies, overstated


@pytest.mark.parametrize(
    ("line", "claims"),
    [
        ("test accuracy: 0.9812", [0.9812]),
        ("Accuracy on the test set = 98.1 %", [0.981]),
        ("accuracy 98.12%", [0.9812]),
        ("the accuracy of my model on 10000", []),  # no fraction of anything
        ("22/22 - 0s - 9ms/step - accuracy: 0.9948 - loss: 0.02", []),  # Keras's own progress
        ("val_accuracy: 0.99", []),
        ("training accuracy 0.999", []),
        ("loss 0.2", []),
    ],
)
def test_only_numbers_beside_the_word_are_claims(line: str, claims: list[float]) -> None:
    found = [claim for claim, _ in claimed_accuracies(line) if claim <= 1]
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
    assert overstated(line, 0.978) == (None if claim is None else pytest.approx(claim))

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
    found = overstated(line, f"print({line!r})", 0.978, 0.001)
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
    found = overstated(line, f"print({line!r})", 0.978, 0.001)
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
    found = overstated(line, f"print({line!r})", 0.978, 0.001)
    assert found is None or not found.certain


@pytest.mark.parametrize(
    ("printed", "code"),
    [
        # Computed, of whatever it may be: the training pictures, the best epoch, another network.
        ("accuracy: 0.9991", 'print("accuracy:", history.history["accuracy"][-1])'),
        ("accuracy: 1.0000", 'print("accuracy:", np.mean(model.predict(x).argmax(axis=1) == y))'),
        # Typed, from a run that ended a little better.
        ("My network has an accuracy of 98.2 %", 'print("My network has an accuracy of 98.2 %")'),
        # A German comma, and code that no parser reads.
        ("accuracy 99,9 %", "model?"),
    ],
)
def test_a_number_that_was_not_typed_or_is_of_another_run_is_for_a_person_to_read(printed: str, code: str) -> None:
    found = overstated(printed, code, 0.978, 0.001)
    assert found is not None
    assert not found.certain


def test_a_typed_number_is_certain_in_whatever_way_it_is_printed() -> None:
    in_words, as_number = 'print("accuracy 0.9991")', 'best = 99.91\nprint("accuracy", best, "%")'
    for code in ('print(f"accuracy: {0.9991}")', in_words, as_number):
        found = overstated("accuracy 99.91 %", code, 0.978, 0.001)
        assert found is not None, code
        assert found.certain, code

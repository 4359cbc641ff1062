"""What each finding costs: one table, which a teacher can change with `--policy FILE`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from inkdigits.errors import ExerciseError

__all__ = ["DEFAULT_COSTS", "Cost", "Policy", "policy_text", "read_policy"]


class Cost(StrEnum):
    """What a finding costs."""

    note = "note"  # nothing: it explains something, or is for the teacher to look at
    fail = "fail"  # the submission does not pass; its points stay
    void = "void"  # besides, the points for the test of every network that it concerns, and of their comparison


@dataclass(frozen=True)
class _Entry:
    cost: Cost
    meaning: str


_ENTRIES: dict[str, _Entry] = {
    "trained_on_test": _Entry(Cost.void, "test pictures were given to fit or train_on_batch"),
    "trained_on_copies": _Entry(Cost.void, "altered copies of test pictures were given to them"),
    "validated_on_test": _Entry(Cost.void, "validation_data is the test set, or altered copies of it"),
    "tested_during_fit": _Entry(Cost.void, "test pictures were read while a network was being trained"),
    "chosen_on_test": _Entry(Cost.void, "trained again after a test, or anew with what tests of such networks chose"),
    "best_of_several": _Entry(Cost.void, "several networks or epochs were tested and the code chose one by that"),
    "several_tested": _Entry(Cost.note, "several were tested; whether a person chose one by that, nobody sees"),
    "test_labels_changed": _Entry(Cost.void, "labels of the test set are not MNIST's"),
    "digits_falsified": _Entry(Cost.void, "dense_digits or cnn_digits are better than what `model` reads"),
    "model_swapped": _Entry(Cost.void, "the tested network has another architecture than the one that was checked"),
    "looked_up": _Entry(Cost.void, "`model` reads the test pictures, but not the same ones slightly altered"),
    "fits_the_test_set": _Entry(
        Cost.void, "`model` reads training pictures much worse, or test pictures that nobody reads"
    ),
    "answers_differ": _Entry(Cost.void, "`model` reads much less when the checker rebuilds it from its saved form"),
    "not_trained": _Entry(Cost.void, "`model` reads well, but no training of it was observed"),
    "training_by_hand": _Entry(Cost.note, "the same, where a loop multiplies matrices; for a person to read"),
    "shipped_weights": _Entry(
        Cost.void, "`model` has the weights of a network that inkdigits ships, or hardly other ones"
    ),
    "shipped_solution": _Entry(Cost.note, "the answers are those of inkdigits' own solution"),
    "claim_above_measured": _Entry(
        Cost.fail, "an accuracy of this network on the test set is stated above the measured"
    ),
    "claim_noted": _Entry(Cost.note, "a larger accuracy is printed; of what, is for a person to read"),
    "exercise_imported": _Entry(Cost.fail, "inkdigits' own exercise was imported, which holds the solution"),
    "check_changed": _Entry(Cost.fail, "a check was changed or deleted; the original one was run"),
    "instrumentation_changed": _Entry(Cost.fail, "the checker's own code in the kernel was changed or removed"),
    "stopped": _Entry(Cost.fail, "a limit of time, memory, processes or output was exceeded"),
    "unparsable": _Entry(Cost.fail, "a cell that no Python can read"),
    "no_notebook": _Entry(Cost.fail, "what was handed in is no notebook"),
    "not_graded": _Entry(Cost.fail, "the checker failed on it"),
}
# Everything else explains why points are missing, and costs nothing by itself.
DEFAULT_COSTS: Mapping[str, Cost] = {key: entry.cost for key, entry in _ENTRIES.items()}


@dataclass(frozen=True)
class Policy:
    """The costs of findings by their keys; those that are not listed are notes."""

    costs: Mapping[str, Cost] = field(default_factory=lambda: dict(DEFAULT_COSTS))

    def cost_of(self, key: str) -> Cost:
        """What a finding of this key costs."""
        return self.costs.get(key, Cost.note)


def read_policy(path: Path) -> Policy:
    """The table in a TOML file, over the default; what it leaves out costs what it does by default.

    Any finding's key may be listed, so that a mistake that is a note can be made to cost something. Raises
    `ExerciseError` for a missing or malformed file and an unknown cost.
    """
    try:
        content = tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise ExerciseError(f"{path}: cannot be read: {error.strerror}: expected a table of costs (TOML)") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ExerciseError(f'{path}: no TOML ({error}): expected lines such as chosen_on_test = "note"') from error
    costs = content.get("costs", content)
    for key, cost in costs.items():
        if cost not in tuple(Cost):
            raise ExerciseError(f"{path}: {key} = {cost!r}: expected one of {', '.join(map(repr, map(str, Cost)))}")
    return Policy({**DEFAULT_COSTS, **{key: Cost(cost) for key, cost in costs.items()}})


def policy_text() -> str:
    """The default table as the text of a file for `--policy`."""
    widest = max(map(len, _ENTRIES))
    lines = [f'{key:{widest}} = "{entry.cost}"  # {entry.meaning}' for key, entry in _ENTRIES.items()]
    head = [
        "# What each finding costs. note: nothing; fail: the submission does not pass; void: besides, the points for",
        "# the test of every network that it concerns, and of their comparison. Every other finding is a note.",
    ]
    return "\n".join([*head, "[costs]", *lines]) + "\n"

from __future__ import annotations

from pathlib import Path

import pytest

from inkdigits.errors import ExerciseError
from inkdigits.exercise.policy import DEFAULT_COSTS, Cost, policy_text, read_policy


def test_the_printed_table_is_the_default_and_can_be_changed(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(policy_text())
    assert read_policy(file).costs == DEFAULT_COSTS
    file.write_text(policy_text().replace('"void"', '"note"', 1) + 'sigmoid_for_classes = "fail"\n')
    policy = read_policy(file)
    assert policy.cost_of("trained_on_test") == Cost.note
    assert policy.cost_of("sigmoid_for_classes") == Cost.fail
    assert policy.cost_of("anything else") == Cost.note


@pytest.mark.parametrize("text", ["no toml", 'chosen_on_test = "death"'])
def test_a_malformed_table_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "policy.toml").write_text(text)
    with pytest.raises(ExerciseError, match="expected"):
        read_policy(tmp_path / "policy.toml")

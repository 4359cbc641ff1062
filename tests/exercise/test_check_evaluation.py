"""Checks are evaluated here, by values: what a notebook made of comparisons decides nothing."""

from __future__ import annotations

from inkdigits.exercise.check_evaluation import evaluate_check, names_in_check, values_of
from inkdigits.exercise.master import check_cells
from inkdigits.exercise.observations import ExportedValues, ModelDescription, NotebookValue


def test_the_names_of_every_check_are_those_that_tasks_ask_for() -> None:
    names = {name for check in check_cells().values() for name in names_in_check(check.source)}
    assert {"x_train", "counts", "model", "history", "dense_digits", "comparison", "log_loss"} <= names
    assert not names & {"np", "keras", "len", "abs", "_truth"}


def test_each_assert_has_its_own_result() -> None:
    results, broken = evaluate_check(
        "a = n + 1\nassert a == 3, 'three'\nassert m\nassert a == 4", {"n": 2}, {"m": "Forged"}
    )
    assert [result.outcome for result in results] == ["passed", "not reached", "failed"]
    assert "`m` is of type Forged" in results[1].message
    assert broken == ""


def test_a_model_answers_what_a_check_asks_and_nothing_else_of_it_counts() -> None:
    described = ModelDescription(parameters=669_706, trainable=669_706, compiled=True, optimizer="Adam")
    exported = ExportedValues({"model": NotebookValue("model", "Net", model=described)})
    names = values_of(exported, lambda offered: None, lambda name, arguments: None)
    results, _ = evaluate_check("assert model.count_params() == 669_706\nassert model.compiled", names, {})
    assert [result.outcome for result in results] == ["passed", "passed"]

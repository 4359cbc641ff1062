"""Warnings about scores that overstate how good a network is."""

from __future__ import annotations

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.evaluation.compare import compare
from tests.conftest import Cli
from tests.evaluation.conftest import MakeRun


def test_a_run_trained_on_what_it_is_evaluated_on_is_warned_about_loudly(
    make_run: MakeRun, test_part: LabelledDigits, cli: Cli
) -> None:
    cheat, fair = make_run("cheat", trained_on=test_part.sha256), make_run("fair", seed=1)
    mixed = make_run("mixed", added=test_part.sha256, seed=2)
    result = cli("compare", cheat.path, fair.path, mixed.path)
    assert result.returncode == 0, result.stderr
    assert f"{cheat.path} WAS TRAINED on" in result.stderr
    assert f"{mixed.path} WAS TRAINED on" in result.stderr
    assert str(fair.path) not in result.stderr


def test_one_class_digits_are_warned_about(make_run: MakeRun, test_part: LabelledDigits) -> None:
    sevens = test_part.take(test_part.labels == 7, "sevens")
    one, other = make_run("one", digits=sevens, wrong=1), make_run("other", digits=sevens, wrong=2)
    comparison = compare(str(one.path), str(other.path))
    assert any("nothing but the digit 7" in warning for warning in comparison.warnings)

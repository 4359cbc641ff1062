"""Candidates: which predictions are compared on which digits, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from inkdigits.datasets.labelled import LabelledDigits, Splits
from inkdigits.datasets.mnist import load_test
from inkdigits.datasets.npz import save_npz
from inkdigits.errors import DataError, RunError
from inkdigits.evaluation.candidates import load_candidates
from inkdigits.evaluation.compare import compare, compare_predictions
from inkdigits.evaluation.evaluate import Predictions, store_predictions
from tests.conftest import Cli
from tests.evaluation.conftest import MakeRun


def test_a_model_file_is_run_on_the_digits_that_the_others_were_evaluated_on(
    make_run: MakeRun, test_part: LabelledDigits
) -> None:
    compared = load_candidates(["cnn", str(make_run("run", wrong=60).path), "cnn"])
    comparison = compare_predictions(compared)
    assert comparison.n == 500
    assert compared.sha256 == test_part.sha256
    better = [pair.files.better for pair in comparison.pairs if pair.files]
    assert better[0] == better[2] == "cnn"
    assert better[1] is None


def test_runs_evaluated_on_other_digits_are_not_comparable(
    make_run: MakeRun, test_part: LabelledDigits, main_here: Cli, tmp_path: Path
) -> None:
    one = make_run("one")
    other = make_run("other", digits=test_part.take(slice(0, 300), "fewer"))
    with pytest.raises(RunError, match=r"not comparable: .* was last evaluated on .*, .* on fewer"):
        compare(str(one.path), str(other.path))
    result = main_here("compare", one.path, other.path)
    assert (result.returncode, result.stdout) == (2, "")
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_model_file_on_digits_that_are_not_those(
    make_run: MakeRun, test_part: LabelledDigits, tmp_path: Path
) -> None:
    run = make_run("run")
    evaluated = json.loads((run.path / "evaluation.json").read_text())
    save_npz(tmp_path / "changed.npz", Splits(None, test_part.take(slice(0, 100))))
    evaluated["source"] = str(tmp_path / "changed.npz")
    (run.path / "evaluation.json").write_text(json.dumps(evaluated))
    with pytest.raises(RunError, match=r"run was last evaluated on .* any more: add data mnist, or evaluate it again"):
        compare(str(run.path), "dense")


def test_stored_predictions_on_mnist_stand_in_for_other_digits(make_run: MakeRun, test_part: LabelledDigits) -> None:
    digits = load_test()
    right = np.full((len(digits), 10), 0.01, np.float32)
    right[np.arange(len(digits)), digits.labels] = 0.91
    one, other = make_run("one"), make_run("other", digits=test_part.take(slice(0, 300), "fewer"))
    for run in (one, other):
        store_predictions(run, digits, Predictions(right, digits.labels))
    assert compare(str(one.path), str(other.path)).n == 10_000
    evaluated = json.loads((one.path / "evaluation.json").read_text())
    (one.path / "evaluation.json").write_text(json.dumps({**evaluated, "source": "gone.npz"}))
    assert compare(str(one.path), "dense").n == 10_000


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda p: np.where(np.arange(len(p))[:, None] == 7, np.nan, p), "probabilities of picture 7 are not finite"),
        (lambda p: p * 0.5, "do not sum to 1"),
        (lambda p: p[:, :5] / p[:, :5].sum(axis=1, keepdims=True), "expected one of \\(n, 10\\)"),
    ],
)
def test_answers_that_are_no_probabilities(make_run: MakeRun, spoil: object, message: str) -> None:
    good = make_run("good")
    from inkdigits.evaluation.evaluate import load_predictions

    evaluated = good.evaluation
    assert evaluated is not None
    bad = make_run("bad", probabilities=spoil(load_predictions(good, evaluated.data_sha256).probabilities))  # type: ignore[operator]
    with pytest.raises((DataError, RunError), match=message):
        compare(str(good.path), str(bad.path))


def test_a_folder_of_different_recipes_is_no_candidate(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("mixed/a", seed=0)
    make_run("mixed/b", seed=1, network="cnn")
    with pytest.raises(RunError, match="differ in network"):
        compare(str(tmp_path / "mixed"), "cnn")


def test_one_seed_twice_is_refused(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("twice/a", seed=4)
    make_run("twice/b", seed=4)
    with pytest.raises(RunError, match="two runs of seed 4"):
        compare(str(tmp_path / "twice"), "cnn")

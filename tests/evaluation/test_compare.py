"""Comparisons: what is called better, what is not, and what is refused."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.datasets.mnist import load_test
from inkdigits.evaluation.compare import compare
from tests.conftest import Cli
from tests.evaluation.conftest import MakeRun


def test_the_better_file_is_named_and_single_runs_say_nothing_of_recipes(make_run: MakeRun) -> None:
    good, bad = make_run("good", wrong=5, seed=1), make_run("bad", wrong=60, seed=2)
    comparison = compare(str(bad.path), str(good.path))
    (pair,) = comparison.pairs
    assert pair.files is not None
    assert pair.files.better == str(good.path)
    assert pair.files.pictures_needed is None
    assert pair.files.paired.difference == pytest.approx(-55 / 500)
    assert pair.files.bootstrap.low < -55 / 500 < pair.files.bootstrap.high < 0
    assert pair.files.log_loss_bootstrap.low > 0
    assert pair.recipes.better is None
    assert "cannot tell whether the recipes differ" in pair.recipes.message


def test_a_file_against_itself_never_wins(make_run: MakeRun) -> None:
    path = str(make_run("run").path)
    comparison = compare(path, path)
    (pair,) = comparison.pairs
    assert pair.files is not None
    assert (pair.files.better, pair.files.paired.p_value, pair.files.disagreements) == (None, 1.0, ())
    assert pair.files.log_loss_difference == 0
    assert pair.files.pictures_needed is None


def test_a_small_difference_says_how_many_pictures_it_takes(make_run: MakeRun, test_part: LabelledDigits) -> None:
    one, other = make_run("one", wrong=14, seed=1), make_run("other", wrong=20, seed=2)
    (pair,) = compare(str(one.path), str(other.path)).pairs
    assert pair.files is not None
    assert pair.files.better is None
    assert pair.files.pictures_needed is not None
    assert pair.files.pictures_needed > len(test_part)


def _seeds(make_run: MakeRun, name: str, wrong: list[int], **config: object) -> str:
    for seed, mistakes in enumerate(wrong):
        run = make_run(f"{name}/seed-{seed:03d}", wrong=mistakes, seed=seed, **config)
    return str(run.path.parent)


def test_seeds_tell_recipes_apart(make_run: MakeRun) -> None:
    good = _seeds(make_run, "good", [10, 12, 14, 16, 11], learning_rate=0.003)
    bad = _seeds(make_run, "bad", [20, 22, 24, 26, 21])
    comparison = compare(good, bad)
    (pair,) = comparison.pairs
    assert pair.files is None
    assert pair.file_pairs is not None
    assert pair.file_pairs.pairs == 25
    assert pair.recipes.better == good
    assert pair.recipes.test is not None
    assert pair.recipes.test.p_value == pytest.approx(2 / 252)
    assert comparison.candidates[0].accuracy == pytest.approx(1 - 12.6 / 500)
    assert comparison.candidates[0].accuracy_spread == pytest.approx(np.std([10, 12, 14, 16, 11], ddof=1) / 500)


def test_too_few_seeds_tell_nothing(make_run: MakeRun) -> None:
    good, bad = _seeds(make_run, "good", [1, 2, 3]), _seeds(make_run, "bad", [50, 60, 70])
    (pair,) = compare(good, bad).pairs
    assert pair.recipes.better is None
    assert "never give a p below 0.1" in pair.recipes.message


def test_three_candidates_give_all_pairs_with_holms_correction(make_run: MakeRun) -> None:
    paths = [str(make_run(name, wrong=wrong, seed=wrong).path) for name, wrong in (("a", 4), ("b", 20), ("c", 34))]
    comparison = compare(*paths)
    assert [(pair.first, pair.second) for pair in comparison.pairs] == [
        (paths[0], paths[1]),
        (paths[0], paths[2]),
        (paths[1], paths[2]),
    ]
    for pair in comparison.pairs:
        assert pair.files is not None
        assert pair.files.p_adjusted >= pair.files.paired.p_value
    least = min(pair.files.paired.p_value for pair in comparison.pairs if pair.files)
    assert min(pair.files.p_adjusted for pair in comparison.pairs if pair.files) == pytest.approx(3 * least)


def test_the_cnn_that_we_ship_is_better_than_the_dense_network_that_we_ship() -> None:
    comparison = compare("dense", "cnn")
    (pair,) = comparison.pairs
    assert comparison.n == 10_000
    assert pair.files is not None
    assert pair.files.better == "cnn"


def test_stored_predictions_are_compared_without_keras(make_run: MakeRun) -> None:
    digits = load_test()
    one, other = (make_run(f"run-{seed}", digits=digits, wrong=100 + seed, seed=seed) for seed in (1, 2))
    code = (
        "import sys; sys.argv = ['inkdigits', 'compare', *sys.argv[1:]]\n"
        "from inkdigits.cli import main\n"
        "try: main()\n"
        "except SystemExit as stop: assert not stop.code\n"
        "print(sorted({'keras', 'jax', 'matplotlib', 'onnxruntime'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code, str(one.path), str(other.path)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert printed.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("arguments", "needle"), [(["cnn"], "needs two or more"), (["cnn", "gone"], "gone: no such run")]
)
def test_wrong_use_is_one_line(main_here: Cli, arguments: list[str], needle: str) -> None:
    result = main_here("compare", *arguments)
    assert result.returncode == 2
    assert needle in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1

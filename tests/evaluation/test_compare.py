"""Comparisons: what is called better, what is not, and what is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from inkdigits.datasets.labelled import LabelledDigits, Splits
from inkdigits.datasets.mnist import load_test
from inkdigits.datasets.npz import save_npz
from inkdigits.errors import DataError, RunError
from inkdigits.evaluation.compare import compare
from inkdigits.evaluation.evaluate import Predictions, store_predictions
from tests.conftest import Cli
from tests.evaluation.conftest import MakeRun


def test_the_better_file_is_named_and_single_runs_say_nothing_of_recipes(make_run: MakeRun) -> None:
    good, bad = make_run("good", wrong=5, seed=1), make_run("bad", wrong=60, seed=2)
    comparison, _ = compare([str(bad.path), str(good.path)])
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
    comparison, _ = compare([path, path])
    (pair,) = comparison.pairs
    assert pair.files is not None
    assert (pair.files.better, pair.files.paired.p_value, pair.files.disagreements) == (None, 1.0, ())
    assert pair.files.log_loss_difference == 0
    assert pair.files.pictures_needed is None


def test_a_small_difference_says_how_many_pictures_it_takes(make_run: MakeRun, test_part: LabelledDigits) -> None:
    one, other = make_run("one", wrong=14, seed=1), make_run("other", wrong=20, seed=2)
    (pair,) = compare([str(one.path), str(other.path)])[0].pairs
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
    comparison, _ = compare([good, bad])
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
    (pair,) = compare([good, bad])[0].pairs
    assert pair.recipes.better is None
    assert "never give a p below 0.1" in pair.recipes.message


def test_three_candidates_give_all_pairs_with_holms_correction(make_run: MakeRun) -> None:
    paths = [str(make_run(name, wrong=wrong, seed=wrong).path) for name, wrong in (("a", 4), ("b", 20), ("c", 34))]
    comparison, _ = compare(paths)
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


def test_a_model_file_is_run_on_the_digits_that_the_others_were_evaluated_on(
    make_run: MakeRun, test_part: LabelledDigits
) -> None:
    comparison, compared = compare(["cnn", str(make_run("run", wrong=60).path), "cnn"])
    assert comparison.n == 500
    assert compared.sha256 == test_part.sha256
    better = [pair.files.better for pair in comparison.pairs if pair.files]
    assert better[0] == better[2] == "cnn"
    assert better[1] is None


def test_the_cnn_that_we_ship_is_better_than_the_dense_network_that_we_ship() -> None:
    comparison, _ = compare(["dense", "cnn"])
    (pair,) = comparison.pairs
    assert comparison.n == 10_000
    assert pair.files is not None
    assert pair.files.better == "cnn"


def test_runs_evaluated_on_other_digits_are_not_comparable(
    make_run: MakeRun, test_part: LabelledDigits, cli: Cli, tmp_path: Path
) -> None:
    one = make_run("one")
    other = make_run("other", digits=test_part.take(slice(0, 300), "fewer"))
    with pytest.raises(RunError, match=r"not comparable: .* was last evaluated on .*, .* on fewer"):
        compare([str(one.path), str(other.path)])
    result = cli("compare", one.path, other.path)
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
    with pytest.raises(
        RunError, match=r"run was last evaluated on .* any more: add --data mnist, or evaluate it again"
    ):
        compare([str(run.path), "dense"])


def test_stored_predictions_on_mnist_stand_in_for_other_digits(make_run: MakeRun, test_part: LabelledDigits) -> None:
    digits = load_test()
    right = np.full((len(digits), 10), 0.01, np.float32)
    right[np.arange(len(digits)), digits.labels] = 0.91
    one, other = make_run("one"), make_run("other", digits=test_part.take(slice(0, 300), "fewer"))
    for run in (one, other):
        store_predictions(run, digits, Predictions(right, digits.labels))
    assert compare([str(one.path), str(other.path)])[0].n == 10_000
    evaluated = json.loads((one.path / "evaluation.json").read_text())
    (one.path / "evaluation.json").write_text(json.dumps({**evaluated, "source": "gone.npz"}))
    assert compare([str(one.path), "dense"])[0].n == 10_000


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
        compare([str(good.path), str(bad.path)])


def test_a_folder_of_different_recipes_is_no_candidate(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("mixed/a", seed=0)
    make_run("mixed/b", seed=1, network="cnn")
    with pytest.raises(RunError, match="differ in network"):
        compare([str(tmp_path / "mixed"), "cnn"])


def test_one_seed_twice_is_refused(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("twice/a", seed=4)
    make_run("twice/b", seed=4)
    with pytest.raises(RunError, match="two runs of seed 4"):
        compare([str(tmp_path / "twice"), "cnn"])


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
    comparison, _ = compare([str(one.path), str(other.path)])
    assert any("nothing but the digit 7" in warning for warning in comparison.warnings)


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


def test_the_page_shows_every_picture_that_is_read_differently(make_run: MakeRun, cli: Cli, tmp_path: Path) -> None:
    one, other = make_run("one", wrong=9, seed=1), make_run("other", wrong=12, seed=2)
    result = cli("compare", one.path, other.path, "--html", tmp_path / "page.html", "--json")
    again = cli("compare", one.path, other.path, "--html", tmp_path / "page.html")
    assert (again.returncode, again.stdout) == (2, "")
    assert "page.html: exists already: choose another --html" in again.stderr
    assert result.returncode == 0, result.stderr
    printed = json.loads(result.stdout)
    page = (tmp_path / "page.html").read_text()
    assert page.count("data:image/png;base64,") == len(printed["pairs"][0]["files"]["disagreements"]) > 9
    assert not any(remote in page for remote in ('src="http', "url(http", "<link", "<script"))


@pytest.mark.parametrize(
    ("arguments", "needle"), [(["cnn"], "needs two or more"), (["cnn", "gone"], "gone: no such run")]
)
def test_wrong_use_is_one_line(cli: Cli, arguments: list[str], needle: str) -> None:
    result = cli("compare", *arguments)
    assert result.returncode == 2
    assert needle in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1

"""A search over hyperparameters: what it keeps, that it resumes, prunes, and leaves the test set closed."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from inkdigits.datasets import mnist
from inkdigits.errors import RecipeError, RunError
from inkdigits.experiments.tune import Search, TuneResult, _possible, run_search
from inkdigits.training.train import train
from tests.conftest import Cli
from tests.experiments.test_seeds import Here


def _tune(out: Path, small_npz: Path, trials: int, **more: Any) -> TuneResult:
    hyperparameters = {
        "epochs": 2,
        "optimizer": "adam",
        "batch_size": 64,
        "schedule": "constant",
        **more.pop("hyperparameters", {}),
    }
    search = Search("dense", trials=trials, hyperparameters=hyperparameters, data=str(small_npz), **more)
    return run_search(search, out=out, executor=Here())


def test_the_recipe_kept_gives_its_validation_loss(small_npz: Path, tmp_path: Path) -> None:
    with (
        mock.patch.object(mnist, "load_test", side_effect=AssertionError("a test set was opened")),
        mock.patch("inkdigits.datasets.source.load_for_evaluation", side_effect=AssertionError("opened")),
    ):
        result = _tune(tmp_path / "out", small_npz, 3)
    assert result.finished + result.pruned == 3
    assert json.loads((tmp_path / "out" / "tune.json").read_text()) == json.loads(json.dumps(asdict(result)))
    hyperparameters = dict(option.removeprefix("--set ").split("=") for option in result.options)
    assert (hyperparameters["epochs"], hyperparameters["optimizer"]) == ("2", "adam")
    run = train("dense", hyperparameters=hyperparameters, data=str(small_npz), out=tmp_path / "again")
    assert min(record.val_loss for record in run.history) == pytest.approx(result.val_loss)


def test_a_search_is_resumed(small_npz: Path, tmp_path: Path) -> None:
    first = _tune(tmp_path / "out", small_npz, 2)
    with mock.patch("inkdigits.experiments.tune.train", side_effect=AssertionError("trained again")):
        assert _tune(tmp_path / "out", small_npz, 2) == first
    more = _tune(tmp_path / "out", small_npz, 3)
    assert more.finished + more.pruned == 3
    assert more.val_loss <= first.val_loss


def test_a_hopeless_trial_is_pruned(small_npz: Path, tmp_path: Path) -> None:
    """Five good trials are in the database already, so a bad one is stopped after its second epoch."""
    import optuna

    storage = f"sqlite:///{tmp_path / 'trials.db'}"
    search = {"storage": storage, "study": "known"}
    with mock.patch("inkdigits.experiments.tune.work"), pytest.raises(RunError, match="none of 0 trials"):
        _tune(tmp_path / "out", small_npz, 6, hyperparameters={"epochs": 30}, **search)
    study = optuna.load_study(study_name="known", storage=storage)
    rate = optuna.distributions.FloatDistribution(1e-4, 3e-2, log=True)
    for _ in range(5):
        study.add_trial(
            optuna.trial.create_trial(
                params={"learning_rate": 1e-3},
                distributions={"learning_rate": rate},
                value=1e-6,
                intermediate_values=dict.fromkeys(range(1, 31), 1e-06),
                user_attrs={"val_accuracy": 1.0},
            )
        )
    result = _tune(tmp_path / "out", small_npz, 6, hyperparameters={"epochs": 30}, **search)
    assert (result.finished, result.pruned) == (5, 1)
    assert len(optuna.load_study(study_name="known", storage=storage).trials[5].intermediate_values) == 2


def test_two_processes_share_one_database(cli: Cli, small_npz: Path, tmp_path: Path) -> None:
    hyperparameters = ["--set", "epochs=1", "--set", "optimizer=adam", "--set", "schedule=constant"]
    result = cli(
        "tune",
        "dense",
        "--recipe",
        "sprint",
        "--trials",
        3,
        "--jobs",
        2,
        *hyperparameters,
        "--data",
        small_npz,
        "--out",
        tmp_path / "out",
    )
    assert result.returncode == 0, result.stderr
    found = json.loads((tmp_path / "out" / "tune.json").read_text())
    assert 3 <= found["finished"] + found["pruned"] <= 4  # the one that ran beside the last is not thrown away
    recipe = tmp_path / "out" / "recipe.toml"
    assert f"\ninkdigits train dense --recipe {recipe}\n" in result.stdout
    assert "epochs = 1\n" in recipe.read_text()


def test_another_search_does_not_mix_in(small_npz: Path, tmp_path: Path) -> None:
    _tune(tmp_path / "out", small_npz, 1)
    with pytest.raises(RunError, match=r"is another search \(.*\): choose another out"):
        _tune(tmp_path / "out", small_npz, 1, hyperparameters={"epochs": 3})


def test_only_what_the_engine_and_the_fixed_hyperparameters_allow_is_searched(small_npz: Path, tmp_path: Path) -> None:
    """Suggested anything else, a trial would end the search."""
    search = Search("dense", "sprint", {"epochs": 1}, data=str(small_npz), trials=6)
    result = run_search(search, out=tmp_path / "sprint", executor=Here())
    assert result.recipe["optimizer"] in {"adam", "muon"}
    fixed = {name: value for name, value in result.recipe.items() if name in {"engine", "patience"}}
    assert fixed == {"engine": "numpy", "patience": 0}
    assert _possible("optimizer", {"engine": "numpy"}) == ["adam", "muon"]
    assert _possible("optimizer", {"engine": "keras"}) == ["adam", "rmsprop", "sgd"]
    assert _possible("schedule", {"patience": 3}) == ["constant"]
    assert _possible("schedule", {"patience": 0}) == ["constant", "triangular"]


@pytest.mark.parametrize(
    ("network", "hyperparameters", "words"),
    [
        ("dense", {"patience": 3, "schedule": "triangular"}, "patience must be 0"),
        ("dense", {"engine": "numpy", "optimizer": "sgd"}, "optimizer must be one of adam, muon"),
        ("convnet", {"engine": "numpy"}, "engine numpy trains dense and cnn"),
    ],
)
def test_a_search_that_cannot_be_is_refused_at_once(
    small_npz: Path, tmp_path: Path, network: str, hyperparameters: dict[str, Any], words: str
) -> None:
    with pytest.raises(RecipeError, match=words):
        run_search(Search(network, hyperparameters=hyperparameters, data=str(small_npz)), out=tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_is_none(small_npz: Path, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="cannot be used as a database of trials"):
        _tune(tmp_path / "out", small_npz, 1, storage="nosuch://nowhere")


def test_nothing_left_to_search(small_npz: Path, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="nothing left to search"):
        _tune(tmp_path / "out", small_npz, 1, hyperparameters={"learning_rate": 0.001})

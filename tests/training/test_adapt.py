"""A training that begins with another's weights and mixes in a user's own digits."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from inkdigits.cli.train_command import _adaptation_line
from inkdigits.datasets.labelled import LabelledDigits, Splits
from inkdigits.datasets.npz import save_npz
from inkdigits.errors import NetworkError, RunError
from inkdigits.modelfile.keras_classifier import load_keras_model
from inkdigits.training.run import Run
from inkdigits.training.run_records import AccuracyChange
from inkdigits.training.train import TrainOptions, resume, train
from tests.conftest import Cli


@pytest.fixture(scope="module")
def begun(small_npz: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train(
        "dense", data=str(small_npz), hyperparameters={"epochs": 3}, out=tmp_path_factory.mktemp("begun") / "run"
    )


@pytest.fixture(scope="module")
def mirrored(small: Splits, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Digits as no network here was taught them."""
    assert small.test is not None
    digits = LabelledDigits(small.test.images[:200, :, ::-1].copy(), small.test.labels[:200], "mirrored")
    path = tmp_path_factory.mktemp("own") / "mirrored.npz"
    save_npz(path, Splits(digits, None))
    return path


def test_added_digits_are_learnt_and_both_accuracies_printed(
    begun: Run, mirrored: Path, tmp_path: Path, main_here: Cli
) -> None:
    out = tmp_path / "run"
    done = main_here(
        "train", "dense", "--data", begun.config.data.source, "--start-from", begun.path, "--add-data", mirrored,
        "--epochs", "8", "--out", out, "--quiet",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    adapted = Run(out).adaptation
    assert adapted is not None
    assert adapted.added.after > adapted.added.before + 0.1
    assert f"n = {adapted.added.n}" in done.stdout
    for part in (adapted.data, adapted.added):
        assert f"{100 * part.before:.2f} % before, {100 * part.after:.2f} % after" in done.stdout
    worse = adapted.data.after < adapted.data.before
    assert ("WORSE than before" in done.stdout) == worse


@pytest.mark.parametrize(("after", "told"), [(0.89, "90.00 % before, 89.00 % after WORSE than before"), (0.9, "after")])
def test_a_network_that_got_worse_is_called_so(after: float, told: str) -> None:
    line = _adaptation_line("mine.npz", AccuracyChange(1200, 0.9, after))
    assert line.startswith("held-out digits of mine.npz (n = 1,200): ")
    assert line.endswith(told)


def test_it_begins_with_the_weights_that_were_named(begun: Run, small_npz: Path, tmp_path: Path) -> None:
    hyperparameters = {"epochs": 1, "learning_rate": 1e-7}
    run = train(
        "dense",
        data=str(small_npz),
        hyperparameters=hyperparameters,
        out=tmp_path / "run",
        options=TrainOptions(start_from=str(begun.path)),
    )
    pairs = zip(
        load_keras_model(run.model_path).get_weights(), load_keras_model(begun.model_path).get_weights(), strict=True
    )
    assert all(np.allclose(a, b, atol=1e-4) for a, b in pairs)


def test_the_recipe_adapt_starts_from_the_shipped_reader(small_npz: Path, mirrored: Path, tmp_path: Path) -> None:
    run = train(
        "reader",
        recipe="adapt",
        hyperparameters={"epochs": 1, "glyphs": 0.0, "nondigits": 0.0},
        data=str(small_npz),
        out=tmp_path / "run",
        options=TrainOptions(add_data=str(mirrored)),
    )
    assert run.config.start_from == "reader"
    assert run.adaptation is not None
    assert run.adaptation.data.before > 0.95


def test_a_network_that_adapting_made_worse_warns(begun: Run, mirrored: Path, small_npz: Path, tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match=r"worse than .*run, from which it started: .* of .*small\.npz"):
        train(
            "dense",
            data=str(small_npz),
            hyperparameters={"epochs": 1, "optimizer": "sgd", "learning_rate": 10, "keep": "last", "patience": 0},
            out=tmp_path / "run",
            options=TrainOptions(start_from=str(begun.path), add_data=str(mirrored)),
        )


def test_each_of_both_data_that_became_worse_is_named(
    begun: Run, small_npz: Path, tmp_path: Path, small: Splits
) -> None:
    assert small.test is not None
    save_npz(tmp_path / "own.npz", Splits(small.test.take(slice(0, 200), "own"), None))
    with pytest.warns(UserWarning, match=r" of .*small\.npz .* and .* of .*own\.npz .*: keep .*run, or adapt"):
        train(
            "dense",
            data=str(small_npz),
            hyperparameters={"epochs": 1, "optimizer": "sgd", "learning_rate": 10, "keep": "last", "patience": 0},
            out=tmp_path / "run",
            options=TrainOptions(start_from=str(begun.path), add_data=str(tmp_path / "own.npz")),
        )


def test_adapting_needs_digits_to_adapt_to(main_here: Cli, tmp_path: Path) -> None:
    result = main_here("train", "reader", "--recipe", "adapt", "--out", tmp_path / "run")
    assert result.stderr == "inkdigits: recipe adapt adapts to digits of your own: name them with --add-data\n"
    assert (result.returncode, list(tmp_path.iterdir())) == (2, [])


@pytest.mark.parametrize(("source", "message"), [("nowhere", "expected reader, a run's folder"), ("cnn", "no trained")])
def test_what_cannot_be_started_from(source: str, message: str, small_npz: Path, tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match=message):
        train("dense", data=str(small_npz), out=tmp_path / "run", options=TrainOptions(start_from=source))
    assert not (tmp_path / "run").exists()


def test_another_network_is_refused(begun: Run, small_npz: Path, tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match="of 669,706 parameters, expected 'convnet' of 34,826"):
        train("convnet", data=str(small_npz), out=tmp_path / "run", options=TrainOptions(start_from=str(begun.path)))


def test_added_digits_that_changed_stop_a_resumed_training(
    begun: Run, mirrored: Path, small: Splits, tmp_path: Path
) -> None:
    own = tmp_path / "own.npz"
    own.write_bytes(mirrored.read_bytes())
    run = train(
        "dense",
        data=begun.config.data.source,
        hyperparameters={"epochs": 1},
        out=tmp_path / "run",
        options=TrainOptions(add_data=str(own)),
    )
    status = replace(run.status, state="running")
    (run.path / "status.json").write_text(json.dumps(asdict(status)))
    assert small.test is not None
    save_npz(own, Splits(small.test, None))
    with pytest.raises(RunError, match=r"own\.npz changed since it began"):
        resume(run.path)

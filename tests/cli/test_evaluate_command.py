"""`evaluate` and `runs`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from inkdigits.training.train import train
from tests.cli.one_line import assert_one_line
from tests.conftest import Cli


@pytest.fixture(scope="module")
def run_folder(small_npz: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one run, dense."""
    folder = tmp_path_factory.mktemp("runs")
    train("dense", data=str(small_npz), hyperparameters={"epochs": 3}, out=folder / "dense")
    return folder


def test_evaluate_prints_a_table_and_keeps_the_scores(main_here: Cli, run_folder: Path, small_npz: Path) -> None:
    result = main_here("evaluate", run_folder / "dense", "--data", small_npz, "--out", run_folder / "scores.json")
    assert result.returncode == 0, result.stderr
    assert "95 % interval" in result.stdout
    kept = json.loads((run_folder / "dense" / "evaluation.json").read_text())
    assert kept["n"] == 500
    assert sum(map(sum, kept["confusion_matrix"])) == 500
    assert json.loads((run_folder / "scores.json").read_text())["accuracy"] == kept["accuracy"]


def test_evaluate_as_json(main_here: Cli, run_folder: Path, small_npz: Path) -> None:
    output = json.loads(main_here("evaluate", run_folder / "dense", "--data", small_npz, "--json").stdout)
    assert 0.5 < output["accuracy"] <= 1
    low, high = output["accuracy_interval"]
    assert low < output["accuracy"] < high
    assert output["test_openings"] >= 1


def test_evaluate_replaces_no_file(main_here: Cli, run_folder: Path, small_npz: Path) -> None:
    config = run_folder / "dense" / "config.json"
    before = config.read_bytes()
    result = main_here("evaluate", run_folder / "dense", "--data", small_npz, "--out", config)
    assert (result.returncode, result.stderr) == (2, f"inkdigits: {config}: exists already: choose another --out\n")
    assert config.read_bytes() == before


def test_runs_lists_scores(main_here: Cli, run_folder: Path, small_npz: Path) -> None:
    main_here("evaluate", run_folder / "dense", "--data", small_npz)
    rows = json.loads(main_here("runs", run_folder, "--json").stdout)
    assert [row["network"] for row in rows] == ["dense"]
    assert rows[0]["accuracy"] > 0.5
    assert str(run_folder / "dense") in main_here("runs", run_folder).stdout


def test_a_folder_without_runs(main_here: Cli, tmp_path: Path) -> None:
    result = main_here("runs", tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", f"no runs in {tmp_path}\n")


@pytest.mark.parametrize(
    ("arguments", "needle"),
    [
        (["evaluate", "cnn"], "cnn is a shipped model, not a run"),
        (["evaluate", "gone"], "no such folder"),
        (["runs", "gone"], "no such folder"),
    ],
)
def test_a_mistake_is_one_line(main_here: Cli, arguments: list[str], needle: str) -> None:
    assert_one_line(main_here(*arguments), needle)

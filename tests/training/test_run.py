"""A run's folder: what is read from it is checked."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from inkdigits.errors import RunError
from inkdigits.training.backend import Backend
from inkdigits.training.checkpoint import EpochRecord, Progress
from inkdigits.training.recipes import named_recipe
from inkdigits.training.run import Run, create_run, locked_folder, open_run
from inkdigits.training.run_records import (
    AccuracyChange,
    AdaptationResult,
    DataRecord,
    EvaluationRecord,
    RunConfig,
    RunStatus,
)

CONFIG = RunConfig(
    network="dense",
    parameters=669_706,
    recipe=named_recipe("sprint", "dense"),
    seed=3,
    data=DataRecord("mnist", "MNIST train", "0" * 64, 60_000),
    backend=Backend("jax", devices="all"),
    cores=2,
    machine="Linux x86_64",
    versions={"python": "3.11"},
    created="2026-01-01T00:00:00+00:00",
)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return create_run(tmp_path / "run", CONFIG)


def test_what_is_written_is_read_again(run: Run) -> None:
    assert open_run(run.path).config == CONFIG
    assert run.status == RunStatus("running")
    assert (run.evaluation, run.adaptation, run.test_openings) == (None, None, ())
    record = EpochRecord(1, 0.5, 0.9, 0.4, 0.95, 1.25)
    run.write_status("finished", Progress().after(record), {"train": 1.23456})
    assert run.status == RunStatus("finished", 1, 1, {"train": 1.235})
    assert run.history == (record,)
    result = AdaptationResult(AccuracyChange(10, 0.5, 0.6), AccuracyChange(5, 0.1, 0.9))
    run.write_adaptation(result)
    assert run.adaptation == result
    assert run.record_test_opening("MNIST test", "1" * 64) == 1
    assert run.record_test_opening("mine", "2" * 64) == 2
    assert [opening.data for opening in run.test_openings] == ["MNIST test", "mine"]


def test_an_evaluation_has_scores_and_more(run: Run) -> None:
    record = {"data": "MNIST test", "data_sha256": "1" * 64, "source": "mnist", "n": 10, "accuracy": 0.9}
    kept = {**record, "log_loss": 0.1, "seconds": 2, "confusion_matrix": [[1]]}
    (run.path / "evaluation.json").write_text(json.dumps(kept))
    assert run.evaluation == EvaluationRecord("MNIST test", "1" * 64, "mnist", 10, 0.9, 0.1, 2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": "one"}, "field seed is 'one', expected int"),
        ({"data": {"source": "mnist"}}, "field data.name is missing"),
        ({"recipe": {**asdict(CONFIG.recipe), "epochs": 0}}, "epochs must be a whole number from 1 to 10000, got 0"),
        ({"recipe": {"name": "mine", "hardest": 0.5}}, "field recipe.engine is missing"),
        ({"backend": {**asdict(CONFIG.backend), "name": "theano"}}, "unknown backend 'theano'"),
    ],
)
def test_a_damaged_config_is_one_line_with_its_field(run: Run, change: dict[str, Any], message: str) -> None:
    path = run.path / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(RunError, match=re.escape(f"{path}: damaged ({message}")) as raised:
        open_run(run.path)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("kept", [1, 3])
def test_a_run_of_another_format(run: Run, kept: int | None) -> None:
    path = run.path / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": kept}))
    with pytest.raises(RunError, match=f"a run of format {kept}, expected 2: another inkdigits made it: train again"):
        open_run(run.path)


@pytest.mark.parametrize("name", ["status.json", "evaluation.json", "adaptation.json", "test_openings.json"])
def test_every_damaged_file_is_named(run: Run, name: str) -> None:
    (run.path / name).write_text('"text"')
    with pytest.raises(RunError, match=f"{re.escape(str(run.path / name))}: damaged"):
        _ = (run.status, run.evaluation, run.adaptation, run.test_openings)


@pytest.mark.parametrize("damage", [None, "{", "[]", '{"format": 99}'])
def test_a_folder_that_is_no_run(tmp_path: Path, damage: str | None) -> None:
    if damage is not None:
        (tmp_path / "config.json").write_text(damage)
    with pytest.raises(RunError):
        open_run(tmp_path)


def test_a_killed_run_is_told_from_one_that_is_training(tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    with locked_folder(run.path):
        run.write_status("running", Progress(), {})
        assert (run.is_training, run.described_state) == (True, "running")
    assert (run.is_training, run.described_state) == (False, "killed")
    run.write_status("finished", Progress(), {})
    assert run.described_state == "finished"

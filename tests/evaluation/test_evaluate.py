"""Evaluations of runs: what is stored, what a resumed training drops, and damaged files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.errors import RunError
from inkdigits.evaluation.compare import compare
from inkdigits.evaluation.evaluate import evaluate, load_predictions
from inkdigits.evaluation.report import write_report
from inkdigits.training.checkpoint import EpochRecord
from inkdigits.training.run import Run
from inkdigits.training.train import TrainOptions, resume, train
from tests.evaluation.conftest import MakeRun


def _stop(record: EpochRecord) -> bool:
    raise KeyboardInterrupt


def test_a_resumed_run_drops_its_evaluation(small_npz: Path, tmp_path: Path) -> None:
    path, data = tmp_path / "run", str(small_npz)
    with pytest.raises(KeyboardInterrupt):
        train(
            "dense",
            recipe="sprint",
            hyperparameters={"epochs": 3},
            data=data,
            out=path,
            options=TrainOptions(on_epoch=_stop),
        )
    before = evaluate(path, data=data)
    write_report(Run(path), data)
    stale = load_predictions(Run(path), before.data_sha256)
    resume(path)
    left = {found.name for found in path.rglob("*")}
    assert not left & {"evaluation.json", "report.html", "report.md", f"{before.data_sha256}.npz"}
    assert len(Run(path).test_openings) == 1
    compare(str(path), "dense", data=data)
    assert not np.array_equal(load_predictions(Run(path), before.data_sha256).probabilities, stale.probabilities)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"labels": np.zeros(5, np.int64)}, "probabilities: missing"),
        ({"probabilities": np.zeros((5, 10), np.float32), "labels": np.zeros(5)}, r"labels: expected whole .* float64"),
        ({"probabilities": np.zeros(5, np.float32), "labels": np.zeros(5, np.int64)}, r"probabilities: .* \(5,\)"),
    ],
)
def test_damaged_predictions_name_the_file_and_the_field(
    make_run: MakeRun, test_part: LabelledDigits, arrays: dict[str, np.ndarray], message: str
) -> None:
    run = make_run("run")
    path = run.path / "predictions" / f"{test_part.sha256}.npz"
    np.savez(path, allow_pickle=False, **arrays)
    with pytest.raises(RunError, match=rf"{test_part.sha256}\.npz: damaged \({message}.*evaluate the run again"):
        load_predictions(run, test_part.sha256)

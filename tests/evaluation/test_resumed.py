"""The evaluation of an interrupted training's network is not taken for one of the network it ends with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inkdigits.evaluation.compare import compare
from inkdigits.evaluation.evaluate import evaluate, load_predictions
from inkdigits.evaluation.report import write_report
from inkdigits.training.checkpoint import EpochRecord
from inkdigits.training.run import Run
from inkdigits.training.train import TrainOptions, resume, train


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
    compare([str(path), "dense"], data=data)
    assert not np.array_equal(load_predictions(Run(path), before.data_sha256).probabilities, stale.probabilities)

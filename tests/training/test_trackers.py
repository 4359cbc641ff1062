"""Learning curves in TensorBoard and MLflow are the run's own; nothing is sent anywhere."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from inkdigits.errors import RecipeError
from inkdigits.training.run import Run
from inkdigits.training.train import TrainOptions, train


def _losses(run: Path) -> list[float]:
    with (run / "history.csv").open() as file:
        return [float(row["val_loss"]) for row in csv.DictReader(file)]


def test_tensorboard_holds_the_learning_curves(small_npz: Path, tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util.tensor_util import make_ndarray

    run = train(
        "dense",
        hyperparameters={"epochs": 3},
        data=str(small_npz),
        out=tmp_path / "run",
        options=TrainOptions(tracker="tensorboard"),
    )
    events = EventAccumulator(str(run.path / "tensorboard"))
    events.Reload()
    found = [(event.step, float(make_ndarray(event.tensor_proto))) for event in events.Tensors("val_loss")]
    assert [step for step, _ in found] == [1, 2, 3]
    assert [value for _, value in found] == pytest.approx(_losses(run.path))


# A process of its own, in which MLflow is imported once for both: the training, and MLflow's client that reads it.
_OFFLINE = """
import json, socket, sys
def refuse(*_, **__): raise AssertionError("the network was asked for")
socket.socket.connect = refuse
socket.getaddrinfo = refuse
from inkdigits.training.train import TrainOptions, train
train("dense", hyperparameters={"epochs": 2}, data=sys.argv[1], out=sys.argv[2], options=TrainOptions(tracker="mlflow"))
import mlflow
from mlflow.telemetry.utils import is_telemetry_disabled
client = mlflow.MlflowClient(tracking_uri=f"sqlite:///{sys.argv[3]}")
(kept,) = client.search_runs([client.get_experiment_by_name("inkdigits").experiment_id])
history = client.get_metric_history(kept.info.run_id, "val_loss")
print(json.dumps({
    "telemetry is disabled": is_telemetry_disabled(), "status": kept.info.status, "params": kept.data.params,
    "val_loss": [metric.value for metric in sorted(history, key=lambda metric: metric.step)],
}))
"""


def test_mlflow_holds_the_learning_curves_and_asks_for_no_network(small_npz: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    command = [sys.executable, "-c", _OFFLINE, str(small_npz), str(run), str(tmp_path / "mlflow.db")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    kept = json.loads(result.stdout)
    assert kept["telemetry is disabled"] is True
    assert kept["status"] == "FINISHED"
    assert kept["params"]["learning_rate"] == "0.001"
    assert kept["val_loss"] == pytest.approx(_losses(run))


def test_nothing_is_logged_unless_asked_for(small_npz: Path, tmp_path: Path) -> None:
    run = train("dense", hyperparameters={"epochs": 1}, data=str(small_npz), out=tmp_path / "run")
    assert not (run.path / "tensorboard").exists()
    assert not (tmp_path / "mlflow.db").exists()
    assert Run(run.path).config.tracker is None


def test_an_unknown_tracker(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="unknown tracker 'wandb'"):
        train("dense", out=tmp_path / "run", options=TrainOptions(tracker="wandb"))
    assert not (tmp_path / "run").exists()

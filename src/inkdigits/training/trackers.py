"""Learning curves in TensorBoard and MLflow. Off by default."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from inkdigits.errors import RecipeError, RunError, require_extra
from inkdigits.system.telemetry import disable_telemetry
from inkdigits.training.checkpoint import EpochRecord, OnEpoch
from inkdigits.training.run import Run

__all__ = ["TRACKERS", "check_tracker", "tracker"]

TRACKERS = ("tensorboard", "mlflow")


def check_tracker(name: str | None) -> None:
    """Raise `RecipeError` for a tracker that is not known, `MissingExtraError` for one that is not installed."""
    if name is None:
        return
    if name not in TRACKERS:
        raise RecipeError(f"unknown tracker {name!r}: expected one of {', '.join(TRACKERS)}")
    require_extra(name, name, f"--log {name}")


@contextmanager
def tracker(run: Run) -> Iterator[OnEpoch]:
    """What logs each epoch of `run` to the tracker in its config; it always returns True."""
    name = run.config.tracker
    if name is None:
        yield lambda record: True
        return
    check_tracker(name)
    with (_tensorboard if name == "tensorboard" else _mlflow)(run) as write:

        def log(record: EpochRecord) -> bool:
            values = asdict(record)
            write(values.pop("epoch"), values)
            return True

        yield log


@contextmanager
def _tensorboard(run: Run) -> Iterator[Any]:
    """Event files in `tensorboard/` of the run: tensorboard --logdir runs"""
    from tensorboard.summary import Writer

    writer = Writer(str(run.path / "tensorboard"))

    def write(epoch: int, values: dict[str, float]) -> None:
        for name, value in values.items():
            writer.add_scalar(name, value, epoch)
        writer.flush()

    try:
        yield write
    finally:
        writer.close()


@contextmanager
def _mlflow(run: Run) -> Iterator[Any]:
    """A run in the experiment `inkdigits`, kept where MLFLOW_TRACKING_URI says, else in mlflow.db beside the run."""
    disable_telemetry("mlflow")
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    address = os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{_beside(run)}"
    try:
        client = MlflowClient(tracking_uri=address)
        found = client.get_experiment_by_name("inkdigits")
        experiment = found.experiment_id if found else client.create_experiment("inkdigits")
        number = _mlflow_run(client, experiment, run)
    except MlflowException as error:
        raise RunError(f"{address}: MLflow cannot write there: {str(error).splitlines()[0]}") from error

    def write(epoch: int, values: dict[str, float]) -> None:
        for name, value in values.items():
            client.log_metric(number, name, value, step=epoch)

    state = "FAILED"
    try:
        yield write
        state = "FINISHED"
    finally:
        client.set_terminated(number, state)


def _beside(run: Run) -> Path:
    return run.path.parent.resolve() / "mlflow.db"


def _mlflow_run(client: Any, experiment: str, run: Run) -> str:
    """The MLflow run of this training, the same one when a training is resumed."""
    place = str(run.path.resolve())
    kept = [found for found in client.search_runs([experiment]) if found.data.tags.get("inkdigits.run") == place]
    if kept:
        return str(kept[0].info.run_id)
    config = run.config
    made = client.create_run(experiment, run_name=run.path.name, tags={"inkdigits.run": place})
    for name, value in {"network": config.network, "seed": config.seed, **asdict(config.recipe)}.items():
        client.log_param(made.info.run_id, name, value)
    return str(made.info.run_id)

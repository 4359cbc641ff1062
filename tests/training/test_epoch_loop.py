"""Every engine's epochs: what is kept as the best, what stays after a stop or a diverged loss."""

from __future__ import annotations

from pathlib import Path
from unittest import mock

import keras
import numpy as np
import pytest

from inkdigits.errors import OutputError, TrainingDivergedError
from inkdigits.evaluation.evaluate import evaluate
from inkdigits.modelfile.keras_classifier import load_keras_model
from inkdigits.training import epoch_loop
from inkdigits.training.backend import Backend, start_keras
from inkdigits.training.checkpoint import latest_checkpoint
from inkdigits.training.engines.keras import keras_session
from inkdigits.training.run import Run
from inkdigits.training.train import resume, train

QUICK = {"epochs": 3, "batch_size": 64}


def test_the_best_network_is_the_one_with_the_lowest_validation_loss(small_npz: Path, tmp_path: Path) -> None:
    """A learning rate that overfits quickly: the last epoch is not the best."""
    run = train(
        "dense",
        data=str(small_npz),
        hyperparameters={"epochs": 12, "patience": 3, "learning_rate": 0.005},
        out=tmp_path,
    )
    checkpoint = latest_checkpoint(run.checkpoints)
    assert checkpoint is not None
    losses = [record.val_loss for record in checkpoint.progress.history]
    assert run.status.best_epoch == int(np.argmin(losses)) + 1
    assert len(losses) == 12 or len(losses) - run.status.best_epoch == 3
    kept = load_keras_model(run.model_path).get_weights()
    assert all(np.array_equal(a, b) for a, b in zip(kept, checkpoint.best, strict=True))


def test_a_loss_that_becomes_nan_stops_and_says_so(small_npz: Path, tmp_path: Path) -> None:
    hyperparameters = {"optimizer": "sgd", "learning_rate": 10, "epochs": 20, "batch_size": 8, "patience": 0}
    start_keras(Backend())
    with (
        mock.patch.object(keras_session, "make_optimizer", return_value=keras.optimizers.SGD(1e18)),
        pytest.raises(TrainingDivergedError, match=r"loss became (nan|inf) in epoch 1.*learning rate"),
    ):
        train("dense", data=str(small_npz), hyperparameters=hyperparameters, out=tmp_path / "run")
    assert Run(tmp_path / "run").status.state == "diverged"


def test_ctrl_c_leaves_a_usable_run_that_can_be_resumed(small_npz: Path, tmp_path: Path) -> None:
    whole = train("dense", data=str(small_npz), hyperparameters=QUICK, out=tmp_path / "whole")
    save, calls = epoch_loop.save_checkpoint, []

    def stop_after_two(*arguments: object) -> None:
        save(*arguments)  # type: ignore[arg-type]
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt

    with mock.patch.object(epoch_loop, "save_checkpoint", stop_after_two), pytest.raises(KeyboardInterrupt):
        train("dense", data=str(small_npz), hyperparameters=QUICK, out=tmp_path / "stopped")
    stopped = Run(tmp_path / "stopped")
    assert (stopped.status.state, stopped.status.epochs) == ("interrupted", 2)
    assert evaluate(stopped, data=str(small_npz)).accuracy > 0.5
    resume(stopped.path)
    weights = [load_keras_model(run.model_path).get_weights() for run in (whole, stopped)]
    assert all(np.array_equal(a, b) for a, b in zip(*weights, strict=True))


def test_a_full_disk_stops_with_one_line_and_leaves_nothing_half_written(small_npz: Path, tmp_path: Path) -> None:
    import errno

    full = OSError(errno.ENOSPC, "No space left on device")
    with mock.patch("numpy.savez", side_effect=full), pytest.raises(OutputError, match="the disk is full: free some"):
        train("dense", data=str(small_npz), hyperparameters=QUICK, out=tmp_path / "run")
    assert list((tmp_path / "run").rglob(".unfinished*")) == []
    resume(tmp_path / "run")
    assert Run(tmp_path / "run").status.state == "finished"

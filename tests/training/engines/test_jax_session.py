"""Epochs as compiled programs against Keras's own loop, which takes the same steps one by one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from inkdigits.datasets.labelled import LabelledDigits, Splits
from inkdigits.datasets.npz import save_npz
from inkdigits.errors import TrainingDivergedError
from inkdigits.networks.inputs import one_hot, to_inputs
from inkdigits.networks.registry import build_network
from inkdigits.stats.scores import accuracy, log_loss
from inkdigits.training.backend import Backend
from inkdigits.training.checkpoint import EpochRecord, latest_checkpoint
from inkdigits.training.engines.keras_optimizer import make_optimizer
from inkdigits.training.epoch_loop import fit
from inkdigits.training.recipes import Recipe
from inkdigits.training.run import Run
from inkdigits.training.task import Task
from inkdigits.training.train import TrainOptions, resume, train

pytestmark = pytest.mark.skipif(keras.backend.backend() != "jax", reason="engine jax needs the jax backend")


PLAIN = Recipe(engine="jax", optimizer="adam", schedule="triangular", batch_size=50, epochs=2, patience=0)


def digits_of(small: Splits, n: int) -> LabelledDigits:
    assert small.train is not None
    return small.train.take(slice(0, n))


@pytest.mark.parametrize(("name", "n"), [("dense", 400), ("cnn", 100)])
def test_it_ends_where_keras_ends(small: Splits, tmp_path: Path, name: str, n: int) -> None:
    from inkdigits.training.engines.jax.jax_session import order_of_epoch

    digits, validation = digits_of(small, n), small.test.take(slice(0, 130)) if small.test else digits_of(small, n)
    keras.utils.set_random_seed(2)
    model, reference = build_network(name), build_network(name)
    reference.set_weights(model.get_weights())
    progress = fit(model, Task(digits, validation, PLAIN, 5, tmp_path))

    reference.compile(make_optimizer(PLAIN, 2 * n // 50), "categorical_crossentropy", metrics=["accuracy"])
    for epoch, record in enumerate(progress.history, start=1):
        rows = np.asarray(order_of_epoch(5, epoch, n))
        inputs = to_inputs(digits.images[rows], channels_first=False)
        told = reference.fit(inputs, one_hot(digits.labels[rows]), batch_size=50, shuffle=False, verbose=0).history
        assert record.loss == pytest.approx(told["loss"][0], abs=1e-4)
        assert record.accuracy == pytest.approx(told["accuracy"][0], abs=1e-6)
        probabilities = reference.predict(to_inputs(validation.images, channels_first=False), verbose=0)
        assert record.val_loss == pytest.approx(log_loss(validation.labels, probabilities), abs=1e-3)
        assert record.val_accuracy == pytest.approx(accuracy(validation.labels, probabilities), abs=0.01)
    assert progress.best_epoch == 2
    for found, wanted in zip(model.get_weights(), reference.get_weights(), strict=True):
        np.testing.assert_allclose(found, wanted, atol=2e-4)


def trained(small: Splits, folder: Path, name: str, options: TrainOptions | None = None, **hyperparameters: Any) -> Run:
    save_npz(folder / "small.npz", small)
    chosen = {"engine": "jax", "optimizer": "adam", "patience": 0, "epochs": 2, "batch_size": 60, **hyperparameters}
    return train(
        "dense",
        hyperparameters=chosen,
        data=str(folder / "small.npz"),
        backend=Backend("jax"),
        out=folder / name,
        options=options,
    )


def test_a_run_is_whole_and_the_same_seed_gives_the_same_weights(small: Splits, tmp_path: Path) -> None:
    runs = [trained(small, tmp_path, name, augmentation=1.0) for name in ("a", "b")]
    first, again = (keras.saving.load_model(run.model_path).get_weights() for run in runs)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert (runs[0].path / "model.onnx").exists()
    assert latest_checkpoint(runs[0].checkpoints) is not None
    (runs[0].path / "status.json").write_text((runs[0].path / "status.json").read_text().replace("finished", "running"))
    assert np.array_equal(keras.saving.load_model(resume(runs[0].path).model_path).get_weights()[0], first[0])


def test_a_stopped_training_is_resumed_to_the_same_weights(small: Splits, tmp_path: Path) -> None:
    def stop_after_two(record: EpochRecord) -> bool:
        if record.epoch == 2:
            raise KeyboardInterrupt
        return True

    whole = trained(small, tmp_path, "whole", augmentation=1.0, epochs=3)
    with pytest.raises(KeyboardInterrupt):
        trained(small, tmp_path, "stopped", TrainOptions(on_epoch=stop_after_two), augmentation=1.0, epochs=3)
    checkpoint = latest_checkpoint(Run(tmp_path / "stopped").checkpoints)
    assert checkpoint is not None
    assert len(checkpoint.progress.history) == 2
    resumed = resume(tmp_path / "stopped")
    weights = [keras.saving.load_model(run.model_path).get_weights() for run in (whole, resumed)]
    assert all(np.array_equal(a, b) for a, b in zip(*weights, strict=True))


def test_it_ends_early(small: Splits, tmp_path: Path) -> None:
    run = trained(small, tmp_path, "run", TrainOptions(on_epoch=lambda record: record.epoch < 2), epochs=5)
    assert len(run.history) == 2
    # At so high a rate the first epoch is the best.
    run = trained(small, tmp_path, "impatient", epochs=20, patience=2, learning_rate=0.05)
    assert len(run.history) == run.status.best_epoch + 2 < 20


def test_a_loss_that_is_no_number_is_told(small: Splits, tmp_path: Path) -> None:
    model = build_network("dense")
    model.set_weights([np.full_like(weight, np.nan) for weight in model.get_weights()])
    digits = digits_of(small, 100)
    with pytest.raises(TrainingDivergedError, match="the loss became nan in epoch 1"):
        fit(model, Task(digits, digits, PLAIN, 0, tmp_path))

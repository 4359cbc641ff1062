"""Trainings on the NumPy engine."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from inkdigits.datasets.labelled import LabelledDigits, Splits
from inkdigits.datasets.npz import save_npz
from inkdigits.evaluation.evaluate import evaluate
from inkdigits.modelfile.keras_classifier import KerasClassifier
from inkdigits.networks.registry import build_network
from inkdigits.training.checkpoint import EpochRecord, latest_checkpoint
from inkdigits.training.engines.numpy.parameters import PixelStatistics
from inkdigits.training.epoch_loop import fit
from inkdigits.training.recipes import Recipe
from inkdigits.training.run import Run
from inkdigits.training.task import Task
from inkdigits.training.train import TrainOptions, resume, train

PLAIN = Recipe("plain", engine="numpy", optimizer="adam", batch_size=40, epochs=1, patience=0)


def digits_of(small: Splits, n: int) -> LabelledDigits:
    assert small.train is not None
    return small.train.take(slice(0, n))


@pytest.mark.parametrize("name", ["dense", "cnn"])
def test_an_epoch_ends_where_keras_ends(small: Splits, tmp_path: Path, name: str) -> None:
    """Plain Adam on the same standard pixels in the same order."""
    digits, validation = digits_of(small, 200), digits_of(small, 100)
    keras.utils.set_random_seed(2)
    model, reference = build_network(name), build_network(name)
    reference.set_weights(model.get_weights())
    fit(model, Task(digits, validation, PLAIN, 5, tmp_path))

    from inkdigits.training.epoch_data import pictures_of_epoch

    statistics = PixelStatistics.of(digits.images)
    images, targets = pictures_of_epoch(digits, PLAIN, 5, 1)
    reference.compile(keras.optimizers.Adam(1e-3), "categorical_crossentropy")
    reference.fit(statistics.standardize(images)[..., None], targets, batch_size=40, shuffle=False, verbose=0)
    wanted = reference.predict(statistics.standardize(validation.images)[..., None], verbose=0)
    np.testing.assert_allclose(KerasClassifier(model).predict_proba(validation.images), wanted, atol=2e-3)


def test_the_same_seed_gives_the_same_weights(small: Splits, tmp_path: Path) -> None:
    save_npz(tmp_path / "small.npz", small)
    runs = [
        train("cnn", recipe="sprint", seed=seed, data=str(tmp_path / "small.npz"), out=tmp_path / str(i))
        for i, seed in enumerate((3, 3, 4))
    ]
    first, again, other = (keras.saving.load_model(run.model_path).get_weights() for run in runs)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])
    assert (runs[0].path / "model.onnx").exists()


@pytest.mark.parametrize(("network", "optimizer"), [("dense", "adam"), ("cnn", "muon")])
def test_a_stopped_training_is_resumed_to_the_same_weights(
    small: Splits, tmp_path: Path, network: str, optimizer: str
) -> None:
    save_npz(tmp_path / "small.npz", small)
    hyperparameters = {"epochs": 3, "optimizer": optimizer}

    def stop_after_two(record: EpochRecord) -> bool:
        if record.epoch == 2:
            raise KeyboardInterrupt
        return True

    arguments = {"recipe": "sprint", "hyperparameters": hyperparameters, "data": str(tmp_path / "small.npz")}
    whole = train(network, out=tmp_path / "whole", **arguments)
    with pytest.raises(KeyboardInterrupt):
        train(network, out=tmp_path / "stopped", options=TrainOptions(on_epoch=stop_after_two), **arguments)
    checkpoint = latest_checkpoint(Run(tmp_path / "stopped").checkpoints)
    assert checkpoint is not None
    assert len(checkpoint.progress.history) == 2
    stopped = resume(tmp_path / "stopped")
    weights = [keras.saving.load_model(run.model_path).get_weights() for run in (whole, stopped)]
    assert all(np.array_equal(a, b) for a, b in zip(*weights, strict=True))


def test_it_learns_and_starts_from_trained_weights(small: Splits, tmp_path: Path) -> None:
    data = tmp_path / "small.npz"
    save_npz(data, small)
    hyperparameters = {"loss_sampling_fraction": 1, "epochs": 4}
    first = train("cnn", recipe="sprint", hyperparameters=hyperparameters, data=str(data), out=tmp_path / "first")
    accuracy = evaluate(first, data=str(data)).accuracy
    assert accuracy > 0.85
    gentle = {"loss_sampling_fraction": 1, "epochs": 1, "learning_rate": 1e-6, "muon_learning_rate": 1e-6}
    second = train(
        "cnn",
        recipe="sprint",
        hyperparameters=gentle,
        data=str(data),
        out=tmp_path / "second",
        options=TrainOptions(start_from=str(first.path)),
    )
    assert evaluate(second, data=str(data)).accuracy == pytest.approx(accuracy, abs=0.02)

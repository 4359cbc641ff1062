"""The NumPy engine against Keras, which computes the same networks by other means."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from inkdigits.datasets.labelled import LabelledDigits, Splits
from inkdigits.datasets.npz import save_npz
from inkdigits.errors import RecipeError
from inkdigits.evaluation.evaluate import evaluate
from inkdigits.modelfile.keras_classifier import KerasClassifier
from inkdigits.networks.inputs import one_hot, to_inputs
from inkdigits.networks.registry import build_network
from inkdigits.stats.calibration import softmax
from inkdigits.training.checkpoint import EpochRecord, latest_checkpoint
from inkdigits.training.engines.numpy.network import NumpyNetwork
from inkdigits.training.engines.numpy.optimizers import Muon
from inkdigits.training.engines.numpy.parameters import Parameters, PixelStatistics
from inkdigits.training.engines.numpy.thread_pool import ThreadPool, equal_slices
from inkdigits.training.epoch_loop import fit
from inkdigits.training.loss_sampling import losses_of_small_network, sample_by_loss
from inkdigits.training.recipes import Recipe
from inkdigits.training.run import Run
from inkdigits.training.task import Task
from inkdigits.training.train import TrainOptions, resume, train

PLAIN = Recipe("plain", engine="numpy", optimizer="adam", batch_size=40, epochs=1, patience=0)


def digits_of(small: Splits, n: int) -> LabelledDigits:
    assert small.train is not None
    return small.train.take(slice(0, n))


def keras_gradients(model: keras.Model, inputs: np.ndarray, targets: np.ndarray) -> list[np.ndarray]:
    """By the rule that a step of plain gradient descent at rate 1 takes off the gradient."""
    before = model.get_weights()
    model.compile(keras.optimizers.SGD(1.0), "categorical_crossentropy")
    model.train_on_batch(inputs, targets)
    return [old - new for old, new in zip(before, model.get_weights(), strict=True)]


@pytest.mark.parametrize("n", [1, 7, 50])
@pytest.mark.parametrize("name", ["dense", "cnn"])
def test_answers_and_gradients_are_those_of_keras(small: Splits, name: str, n: int) -> None:
    keras.utils.set_random_seed(1)
    digits, model = digits_of(small, n), build_network(name)
    parameters = Parameters.of(model.get_weights())
    pixels = digits.images.astype(np.float32) / 255
    with ThreadPool.open() as pool:
        network = NumpyNetwork(parameters, pool)
        answers = softmax(network.logits(pixels))
        np.testing.assert_allclose(network.differentiate(pixels, one_hot(digits.labels)), answers, atol=1e-6)
    np.testing.assert_allclose(answers, KerasClassifier(model).predict_proba(digits.images), atol=1e-6)
    expected = keras_gradients(model, to_inputs(digits.images, channels_first=False), one_hot(digits.labels))
    for found, wanted in zip(parameters.gradients, expected, strict=True):
        np.testing.assert_allclose(found, wanted, atol=2e-6)


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


@pytest.mark.parametrize("optimizer", ["adam", "muon"])
def test_a_stopped_training_goes_on_to_the_same_weights(small: Splits, tmp_path: Path, optimizer: str) -> None:
    save_npz(tmp_path / "small.npz", small)
    hyperparameters = {"epochs": 3, "optimizer": optimizer}

    def stop_after_two(record: EpochRecord) -> bool:
        if record.epoch == 2:
            raise KeyboardInterrupt
        return True

    arguments = {"recipe": "sprint", "hyperparameters": hyperparameters, "data": str(tmp_path / "small.npz")}
    whole = train("cnn", out=tmp_path / "whole", **arguments)
    with pytest.raises(KeyboardInterrupt):
        train("cnn", out=tmp_path / "stopped", options=TrainOptions(on_epoch=stop_after_two), **arguments)
    checkpoint = latest_checkpoint(Run(tmp_path / "stopped").checkpoints)
    assert checkpoint is not None
    assert len(checkpoint.progress.history) == 2
    stopped = resume(tmp_path / "stopped")
    weights = [keras.saving.load_model(run.model_path).get_weights() for run in (whole, stopped)]
    assert all(np.array_equal(a, b) for a, b in zip(*weights, strict=True))


def test_it_learns_and_goes_on_from_what_was_learned(small: Splits, tmp_path: Path) -> None:
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


def test_another_network_is_refused_before_anything_is_written(small: Splits, tmp_path: Path) -> None:
    hyperparameters = {"engine": "numpy", "optimizer": "adam"}
    with pytest.raises(RecipeError, match="engine numpy trains dense and cnn, got convnet: choose engine keras"):
        train("convnet", hyperparameters=hyperparameters, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_steps_are_of_equal_strength_in_every_direction() -> None:
    rng = np.random.default_rng(0)
    parameters = Parameters.of([np.zeros((5, 5, 32, 64), np.float32)])
    parameters.gradient[...] = rng.normal(size=parameters.gradient.size)
    Muon(parameters, 0).step(1.0)
    strengths = np.linalg.svd(parameters.values.reshape(800, 64), compute_uv=False) / (800 / 64) ** 0.5
    assert 0.6 < strengths.min() < strengths.max() < 1.3


@pytest.mark.parametrize(("length", "count"), [(1, 4), (7, 3), (32, 2), (33, 2)])
def test_parts_cover_everything_once(length: int, count: int) -> None:
    parts = equal_slices(length, count)
    assert [i for part in parts for i in range(part.start, part.stop)] == list(range(length))
    assert len(parts) == min(length, count)


def test_the_sample_by_loss_are_hard_and_drawn_by_seed(small: Splits) -> None:
    digits = digits_of(small, 600)
    chosen = sample_by_loss(digits, 0.25, seed=1)
    assert len(chosen) == 150
    assert chosen.sha256 == sample_by_loss(digits, 0.25, seed=1).sha256 != sample_by_loss(digits, 0.25, seed=2).sha256
    losses = losses_of_small_network(digits, np.random.default_rng(7))
    by_picture = {image.tobytes(): loss for image, loss in zip(digits.images, losses, strict=True)}
    assert np.mean([by_picture[image.tobytes()] for image in chosen.images]) > 1.3 * losses.mean()

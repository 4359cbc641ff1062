"""What an engine cannot train is refused before anything is written; which Keras backend it needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from inkdigits.datasets.labelled import LabelledDigits, Splits
from inkdigits.datasets.npz import save_npz
from inkdigits.errors import RecipeError
from inkdigits.training.backend import AUTO, NUMPY_BACKEND, WITHOUT_KERAS, Backend
from inkdigits.training.engines.keras.keras_engine import KERAS
from inkdigits.training.engines.numpy.numpy_engine import NUMPY
from inkdigits.training.recipes import Recipe
from inkdigits.training.run import Run
from inkdigits.training.train import TrainOptions, train


def digits_of(small: Splits, n: int) -> LabelledDigits:
    assert small.train is not None
    return small.train.take(slice(0, n))


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


def test_the_numpy_engine_needs_keras_only_where_it_is_asked_for() -> None:
    for backend in (None, Backend(AUTO)):
        assert NUMPY.resolve_backend(backend).name == WITHOUT_KERAS
    assert NUMPY.resolve_backend(Backend("torch")).name == "torch"
    here = keras.backend.backend()
    assert KERAS.resolve_backend(Backend(AUTO)).name == here
    # Devices and data formats are Keras's, and so are the files of trained weights.
    assert NUMPY.resolve_backend(Backend(AUTO, devices=2)).name == here
    assert NUMPY.resolve_backend(Backend(AUTO, image_data_format="channels_first")).name == here
    assert NUMPY.resolve_backend(Backend(AUTO), starts_trained=True).name == here


def test_another_network_is_refused_before_anything_is_written(small: Splits, tmp_path: Path) -> None:
    hyperparameters = {"engine": "numpy", "optimizer": "adam"}
    with pytest.raises(RecipeError, match="engine numpy trains dense and cnn, got convnet: choose engine keras"):
        train("convnet", hyperparameters=hyperparameters, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.skipif(keras.backend.backend() != "jax", reason="engine jax needs the jax backend")
def test_what_jax_cannot_train_is_said_before_it_begins(small: Splits, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"glyphs must be 0 with engine jax, got 0\.1"):
        Recipe(engine="jax", glyphs=0.1)
    with pytest.raises(RecipeError, match="batch_size 5000 is more than the"):
        trained(small, tmp_path, "large", batch_size=5000)
    assert not (tmp_path / "large").exists()
    with pytest.raises(RecipeError, match="engine jax runs on the jax backend, got torch"):
        train(
            "dense", hyperparameters={"engine": "jax", "patience": 0}, backend=Backend("torch"), out=tmp_path / "torch"
        )


def test_a_backend_without_gradients_trains_nothing_by_itself(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="computes no gradients: choose backend jax, or recipe sprint"):
        train("dense", backend=Backend(NUMPY_BACKEND), out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("engine", ["jax", "keras", "numpy"])
def test_every_engine_records_the_loss_along_the_steps(small: Splits, tmp_path: Path, engine: str) -> None:
    optimizer = "adam" if engine != "numpy" else NUMPY.optimizers[0]
    run = trained(small, tmp_path, "run", engine=engine, optimizer=optimizer, validation_fraction=0.1)
    assert len(run.steps) == 2 * (900 // 60)
    for record in run.history:
        losses = [step.loss for step in run.steps if record.epoch - 1 < step.epoch <= record.epoch]
        assert np.mean(losses) == pytest.approx(record.loss, rel=1e-3)
    assert run.steps[-1].loss < run.steps[0].loss

"""A user's script, for `mypy --strict`: every result has its type. It is checked, not run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import assert_type

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import inkdigits


def readings(photo: Path, pixels: NDArray[np.uint8]) -> None:
    reading = inkdigits.read(photo, region=(0, 0, 10, 10), length=2)
    assert_type(reading, inkdigits.Reading)
    assert_type(reading.string, str)
    assert_type(reading.digits[0].probability, float)
    assert_type(inkdigits.read([str(photo), "b.png"]), list[inkdigits.Reading])
    assert_type(inkdigits.read([pixels]), list[inkdigits.Reading])
    assert_type(inkdigits.annotate(pixels), Image.Image)
    with photo.open("rb") as file:
        assert_type(inkdigits.Reader.load("reader").read(file), inkdigits.Reading)


def trainings(x: NDArray[np.float64], y: NDArray[np.int64]) -> None:
    run = inkdigits.train("dense", recipe="sprint", hyperparameters={"epochs": 1, "optimizer": "adam"}, data=(x, y))
    assert_type(run, inkdigits.Run)
    assert_type(inkdigits.open_run("runs/one"), inkdigits.Run)
    assert_type(inkdigits.train("cnn", backend="jax").path, Path)
    evaluation = inkdigits.evaluate(run, data=((x, y), (x, y)))
    assert_type(evaluation, inkdigits.Evaluation)
    low, high = evaluation.accuracy_interval
    assert_type((low, high), tuple[float, float])
    assert_type(inkdigits.evaluate("cnn", data=inkdigits.LabelledDigits(x.astype(np.uint8), y, "mine")).accuracy, float)
    assert_type(inkdigits.compare(run, "cnn", Path("other.onnx"), data="mine.npz"), inkdigits.Comparison)
    assert_type(inkdigits.explain(run, x[0], label=3).label, int)
    assert_type(inkdigits.robustness("reader", sample=100).plain.accuracy, float)
    assert_type(inkdigits.seeds("dense", 3, data=(x, y), jobs=2), inkdigits.SeedsSummary)
    assert_type(inkdigits.tune("dense", 3, hyperparameters={"epochs": 1}).recipe, Mapping[str, str | float])


def estimators(x: NDArray[np.float64], y: NDArray[np.int64]) -> None:
    classifier = inkdigits.DigitClassifier("cnn", recipe="sprint", random_state=1).fit(x, y)
    assert_type(classifier, inkdigits.DigitClassifier)
    assert_type(classifier.predict_proba(x), NDArray[np.float64])
    assert_type(classifier.score(x, y), float)
    assert_type(inkdigits.Predictor.load("cnn").predict_proba(x.astype(np.uint8)), NDArray[np.float32])


def errors() -> None:
    try:
        inkdigits.read("gone.png")
    except (inkdigits.PictureError, inkdigits.MissingExtraError) as error:
        assert_type(str(error), str)

"""Evaluate a run on held-out digits and store its predictions."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets.arrays import read_arrays
from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.datasets.source import MNIST
from inkdigits.errors import DataError, RunError
from inkdigits.evaluation.held_out import open_held_out
from inkdigits.modelfile.predictor import Predictor
from inkdigits.stats import scores
from inkdigits.stats.calibration import softmax, with_temperature
from inkdigits.stats.scores import ClassScores, Interval
from inkdigits.system.atomic_io import temporary_sibling, write_json
from inkdigits.training.backend import Backend, start_keras
from inkdigits.training.run import Run, open_run

__all__ = [
    "Calibrated",
    "Evaluation",
    "Predictions",
    "evaluate",
    "load_predictions",
    "score",
    "store_predictions",
    "temperature_of",
]


@dataclass(frozen=True)
class Predictions:
    """Predicted probabilities float32 (n, 10) and the right labels int64 (n,)."""

    probabilities: NDArray[np.float32]
    labels: NDArray[np.int64]

    @property
    def predicted(self) -> NDArray[np.int64]:
        """The most probable class of each picture, int64 (n,)."""
        classes: NDArray[np.int64] = self.probabilities.argmax(axis=1)
        return classes


@dataclass(frozen=True)
class Calibrated:
    """The scores that change when logits are divided by the temperature of the run's model file."""

    temperature: float
    log_loss: float  # nats
    expected_calibration_error: float  # in [0, 1]


@dataclass(frozen=True)
class Evaluation:
    """A classifier's scores on one data set."""

    data: str
    data_sha256: str
    n: int
    correct: int
    accuracy: float
    accuracy_interval: Interval  # 95 %, Wilson
    log_loss: float  # nats
    classes: list[ClassScores]
    confusion_matrix: list[list[int]]  # row = label, column = prediction
    expected_calibration_error: float  # in [0, 1]
    calibrated: Calibrated | None  # None without a temperature


def score(digits: LabelledDigits, predictions: Predictions, temperature: float | None = None) -> Evaluation:
    """Every score of `predictions` on `digits`, and those after dividing the logits by `temperature` where it is given.

    Raises `DataError` when they are no probabilities.
    """
    scores.check_probabilities(predictions.probabilities, len(digits))
    matrix = scores.confusion_matrix(digits.labels, predictions.predicted)
    correct = int(np.trace(matrix))
    return Evaluation(
        data=digits.name,
        data_sha256=digits.sha256,
        n=len(digits),
        correct=correct,
        accuracy=scores.accuracy(digits.labels, predictions.probabilities),
        accuracy_interval=scores.wilson_interval(correct, len(digits)),
        log_loss=scores.log_loss(digits.labels, predictions.probabilities),
        classes=scores.class_scores(matrix),
        confusion_matrix=matrix.tolist(),
        expected_calibration_error=scores.expected_calibration_error(digits.labels, predictions.probabilities),
        calibrated=None if temperature is None else _calibrated(digits, predictions, temperature),
    )


def _calibrated(digits: LabelledDigits, predictions: Predictions, temperature: float) -> Calibrated:
    probabilities = with_temperature(predictions.probabilities, temperature)
    return Calibrated(
        temperature=temperature,
        log_loss=scores.log_loss(digits.labels, probabilities),
        expected_calibration_error=scores.expected_calibration_error(digits.labels, probabilities),
    )


def evaluate(run: Run | Path | str, *, data: str = MNIST, backend: Backend | None = None) -> Evaluation:
    """Evaluate a run on the test part of `data` (all of it where it has no parts) and store the result in the run.

    Writes `evaluation.json` and `predictions/<sha256 of the data>.npz`. The run's model file predicts, which was
    compared with Keras when it was written; with `backend` Keras does on that backend, and where there is no model file
    Keras does on the backend that trained the run. Raises `RunError` when there is no trained network, `DataError` for
    bad data.
    """
    run = run if isinstance(run, Run) else open_run(Path(run))
    classify = _classify_with(run, backend)
    digits = open_held_out(run, data)
    started = time.perf_counter()
    predictions = Predictions(classify(digits.images), digits.labels)
    evaluation = score(digits, predictions, temperature_of(run))
    seconds = time.perf_counter() - started
    store_predictions(run, digits, predictions)
    write_json(run.path / "evaluation.json", {**asdict(evaluation), "source": data, "seconds": round(seconds, 3)})
    return evaluation


def temperature_of(run: Run) -> float | None:
    """The temperature that the run's model file was given, or None when it has no model file."""
    path = run.model_file_path
    return Predictor.load(path).metadata.temperature if path.exists() else None


def _classify_with(run: Run, backend: Backend | None) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    """The probabilities of `run` at temperature 1."""
    model_path = run.model_path
    if backend is None and run.model_file_path.exists():
        predictor = Predictor.load(run.model_file_path)
        return lambda images: softmax(predictor.predict_logits(images)).astype(np.float32)
    from inkdigits.modelfile.keras_classifier import KerasClassifier, load_keras_model

    start_keras(backend or run.config.backend)
    return KerasClassifier(load_keras_model(model_path)).predict_proba


def _predictions_path(run: Run, sha256: str) -> Path:
    return run.path / "predictions" / f"{sha256}.npz"


def store_predictions(run: Run, digits: LabelledDigits, predictions: Predictions) -> None:
    """Write the `predictions` of `run` on `digits` into it, as `predictions/<sha256>.npz`. Raises `OutputError`."""
    with temporary_sibling(_predictions_path(run, digits.sha256)) as temporary, temporary.open("wb") as file:
        np.savez_compressed(
            file,
            allow_pickle=False,
            probabilities=predictions.probabilities,
            labels=predictions.labels,
            ids=np.arange(len(digits)),
        )


def load_predictions(run: Run, sha256: str) -> Predictions:
    """The stored predictions of `run` on the data set with that SHA-256.

    Raises `RunError` when there are none, or the file is damaged.
    """
    path = _predictions_path(run, sha256)
    if not path.exists():
        raise RunError(f"{run.path}: not evaluated on that data yet: inkdigits evaluate {run.path}")
    try:
        arrays = read_arrays(path)
        return Predictions(_array(arrays, "probabilities", "f", 2), _array(arrays, "labels", "iu", 1))
    except (DataError, ValueError) as error:
        raise RunError(
            f"{path}: damaged ({error}): evaluate the run again with inkdigits evaluate {run.path}"
        ) from error


def _array(arrays: Mapping[str, NDArray[Any]], name: str, kinds: str, dimensions: int) -> NDArray[Any]:
    """The array `name`. Raises `ValueError` unless it has one of the NumPy `kinds`, and so many dimensions."""
    if name not in arrays:
        raise ValueError(f"{name}: missing, expected {', '.join(('probabilities', 'labels'))}")
    array = arrays[name]
    if array.dtype.kind not in kinds or array.ndim != dimensions:
        expected = "numbers (n, 10)" if dimensions == 2 else "whole numbers (n,)"
        raise ValueError(f"{name}: expected {expected}, got {array.dtype} {array.shape}")
    return array

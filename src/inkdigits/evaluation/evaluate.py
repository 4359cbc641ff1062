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
from inkdigits.datasets.in_memory import DataSource
from inkdigits.datasets.labelled import CLASSES, LabelledDigits
from inkdigits.datasets.source import MNIST, source_name
from inkdigits.errors import DataError, ModelFileError, RunError
from inkdigits.evaluation.held_out import open_held_out
from inkdigits.modelfile.load import Classifier, as_classifier, load_classifier
from inkdigits.modelfile.predictor import Predictor
from inkdigits.stats import scores
from inkdigits.stats.calibration import softmax, with_temperature
from inkdigits.stats.scores import ClassScores, Interval, Probabilities
from inkdigits.system.atomic_io import temporary_sibling, write_json
from inkdigits.system.html_table import html_table, html_text, percent
from inkdigits.training.backend import Backend, as_backend, choose_backend, start_keras
from inkdigits.training.run import Run, open_run

__all__ = [
    "Calibrated",
    "Evaluation",
    "Predictions",
    "check_digit_classes",
    "evaluate",
    "load_predictions",
    "score",
    "store_predictions",
    "temperature_of",
]

_AT_ONCE = 100_000  # pictures


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

    def __repr__(self) -> str:
        low, high = (f"{100 * end:.2f}" for end in self.accuracy_interval)
        return (
            f"Evaluation({self.data!r}: accuracy {100 * self.accuracy:.2f} %, 95 % interval {low} to {high}, "
            f"n={self.n}, log loss {self.log_loss:.4f})"
        )

    def _repr_html_(self) -> str:
        """Its scores as a table, in a notebook."""
        rows = [[row.label, row.support, percent(row.precision), percent(row.recall)] for row in self.classes]
        return html_text(repr(self)) + html_table(["digit", "pictures", "precision", "recall"], rows)


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
    found = predictions.probabilities
    # In half the memory where there are many.
    probabilities: Probabilities = np.empty(found.shape, np.float64 if len(found) <= _AT_ONCE else np.float32)
    for start in range(0, len(found), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        probabilities[part] = with_temperature(found[part], temperature)
    return Calibrated(
        temperature=temperature,
        log_loss=scores.log_loss(digits.labels, probabilities),
        expected_calibration_error=scores.expected_calibration_error(digits.labels, probabilities),
    )


def evaluate(
    model: Run | Path | str | Classifier, *, data: DataSource = MNIST, backend: Backend | str | None = None
) -> Evaluation:
    """Evaluate a network on the test part of `data`, or all of it where it has no parts.

    `model` is a run or its folder, a shipped model's name, a model file, a Keras model in memory, or anything with
    `predict_proba`. `data` is a source's name or path, or digits in memory. Of a run the result is stored in it, as
    `evaluation.json` and `predictions/<sha256 of the data>.npz`, and the opening of the test set recorded; its model
    file predicts, which was compared with Keras when it was written. With `backend` Keras does on that backend, and
    where there is no model file Keras does on the backend that trained the run.

    Raises `RunError` when there is no trained network, `ModelFileError` for other models, files or classes, `DataError`
    for bad data.
    """
    backend = as_backend(backend)
    if isinstance(model, Run):
        return _evaluate_run(model, data, backend)
    if isinstance(model, str | Path):
        if Path(model).is_dir():
            return _evaluate_run(open_run(model), data, backend)
        classifier = load_classifier(model, start_keras=lambda: start_keras(backend or Backend(choose_backend())))
    else:
        classifier = as_classifier(model)
    return _evaluate_classifier(classifier, str(model) if isinstance(model, str | Path) else type(model).__name__, data)


def _evaluate_run(run: Run, data: DataSource, backend: Backend | None) -> Evaluation:
    classify = _classify_with(run, backend)
    digits = open_held_out(run, data)
    started = time.perf_counter()
    predictions = Predictions(classify(digits.images), digits.labels)
    evaluation = score(digits, predictions, temperature_of(run))
    seconds = round(time.perf_counter() - started, 3)
    store_predictions(run, digits, predictions)
    record = {**asdict(evaluation), "source": source_name(data), "seconds": seconds}
    write_json(run.path / "evaluation.json", record)
    return evaluation


def _evaluate_classifier(classifier: Classifier, name: str, data: DataSource) -> Evaluation:
    digits = open_held_out(None, data)
    if not isinstance(classifier, Predictor):
        return score(
            digits, Predictions(np.asarray(classifier.predict_proba(digits.images), np.float32), digits.labels)
        )
    check_digit_classes(classifier, name)
    probabilities = _uncalibrated(classifier, digits.images)
    return score(digits, Predictions(probabilities, digits.labels), classifier.metadata.temperature)


def _uncalibrated(predictor: Predictor, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The probabilities float32 (n, k) at temperature 1."""
    probabilities = np.empty((len(images), len(predictor.metadata.classes)), np.float32)
    for start in range(0, len(images), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        probabilities[part] = softmax(predictor.predict_logits(images[part]))
    return probabilities


def check_digit_classes(predictor: Predictor, name: str) -> None:
    """Raise `ModelFileError` unless the classes of `predictor` are the digits 0 to 9."""
    if predictor.metadata.classes != tuple(map(str, range(CLASSES))):
        raise ModelFileError(
            f"{name} has the classes {', '.join(predictor.metadata.classes)}, expected the digits 0 to 9"
        )


def temperature_of(run: Run) -> float | None:
    """The temperature that the run's model file was given, or None when it has no model file."""
    path = run.model_file_path
    return Predictor.load(path).metadata.temperature if path.exists() else None


def _classify_with(run: Run, backend: Backend | None) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    """The probabilities of `run` at temperature 1."""
    model_path = run.model_path
    if backend is None and run.model_file_path.exists():
        predictor = Predictor.load(run.model_file_path)
        return lambda images: _uncalibrated(predictor, images)
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

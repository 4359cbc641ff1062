"""Anything that classifies, by name, path or URL or in memory, behind one method: `predict_proba`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import ModelFileError
from inkdigits.modelfile.predictor import DEFAULT_MODEL, Predictor, shipped_models
from inkdigits.modelfile.remote import RemoteClassifier, is_url

__all__ = ["Classifier", "as_classifier", "load_classifier"]


class Classifier(Protocol):
    """Anything that classifies digits."""

    def predict_proba(self, images: NDArray[np.uint8]) -> NDArray[np.floating[Any]]:
        """Probabilities (n, 10) for pictures uint8 (n, 28, 28), white ink on black."""


def as_classifier(model: object) -> Classifier:
    """`model`, which has `predict_proba` or is a Keras model of pictures in [0, 1], behind that method.

    Raises `ModelFileError` for anything else, and for a Keras model of other inputs.
    """
    if hasattr(model, "predict_proba"):
        return cast("Classifier", model)
    keras = sys.modules.get("keras")  # imported where there is a model of it
    if keras is not None and isinstance(model, keras.Model):
        from inkdigits.modelfile.keras_classifier import classifier_of_keras

        return classifier_of_keras(model)
    raise ModelFileError(
        "model: expected a run or its folder, a shipped model's name, a model file, a Keras model or an object with "
        f"predict_proba, got {type(model).__name__}"
    )


def load_classifier(
    source: str | Path = DEFAULT_MODEL,
    *,
    threads: int | None = None,
    start_keras: Callable[[], object] | None = None,
) -> Classifier:
    """The classifier in `source`: a shipped model's name, a model file, a run's folder, a `.keras` file, or the URL
    of a model on a server that speaks the Open Inference Protocol V2.

    Of a run's folder it is the model file, or the Keras model where there is none. Only for a Keras model is Keras
    imported, after `start_keras` was called, which may choose a backend. Raises `ModelFileError` or `NetworkError`.
    """
    if is_url(str(source)):
        return RemoteClassifier(str(source))
    path = Path(source)
    if str(source) in shipped_models():
        return Predictor.load(source, threads=threads)
    if path.is_dir():
        path = _in_folder(path)
    if path.suffix != ".keras":
        return Predictor.load(path, threads=threads)
    return _keras_classifier(path, start_keras)


def _in_folder(folder: Path) -> Path:
    for name in ("model.onnx", "model.keras"):
        if (folder / name).is_file():
            return folder / name
    raise ModelFileError(f"{folder}: no trained network in it, expected model.onnx or model.keras")


def _keras_classifier(path: Path, start_keras: Callable[[], object] | None) -> Classifier:
    from inkdigits.errors import require_extra
    from inkdigits.modelfile.keras_classifier import KerasClassifier, load_keras_model

    require_extra("keras", "train", f"{path}, a Keras model,")
    if start_keras is not None:
        start_keras()
    return KerasClassifier(load_keras_model(path))

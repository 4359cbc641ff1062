"""Load anything that classifies, by name, path or URL, behind one method: `predict_proba`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import ModelFileError
from inkdigits.modelfile.predictor import DEFAULT_MODEL, Predictor, shipped_models
from inkdigits.modelfile.remote import RemoteClassifier, is_url

__all__ = ["Classifier", "load_classifier"]


class Classifier(Protocol):
    """Anything that classifies digits."""

    def predict_proba(self, images: NDArray[np.uint8]) -> NDArray[np.floating[Any]]:
        """Probabilities (n, 10) for pictures uint8 (n, 28, 28), white ink on black."""


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

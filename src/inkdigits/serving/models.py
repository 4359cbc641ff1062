"""The served models: loaded once, warmed up, each with its own queue."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import RequestError, ServingError
from inkdigits.modelfile.predictor import Predictor, shipped_models
from inkdigits.serving.batcher import Batcher
from inkdigits.serving.settings import ServerLimits

__all__ = ["MODEL_VERSION", "ModelOutputs", "Models", "ServedModel", "load_models"]

Pictures = NDArray[np.uint8]
MODEL_VERSION = "1"  # the only one of each model
# Of each model. More threads would spin between requests and slow other workers down: serve with more workers.
_THREADS = 1
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")


@dataclass(frozen=True)
class ModelOutputs:
    """A model's probabilities and logits of n pictures, float32 (n, 10)."""

    probabilities: NDArray[np.float32]
    logits: NDArray[np.float32]


@dataclass(frozen=True)
class ServedModel:
    """A model and its queue."""

    name: str
    predictor: Predictor
    batcher: Batcher[Pictures, ModelOutputs]

    async def predict(self, pictures: Pictures) -> ModelOutputs:
        """The outputs for `pictures`, uint8 (n, 28, 28), classified in one batch with other queued pictures."""
        return await self.batcher.submit(pictures, len(pictures))

    def describe(self) -> dict[str, Any]:
        """Its entry in /v1/models, as `schemas.ServedModelInfo`."""
        metadata = self.predictor.metadata
        return {
            "name": self.name,
            "network": metadata.network,
            "acceptance_threshold": metadata.acceptance_threshold,
            "trained_on": metadata.data_sha256,
            "figures": dict(metadata.figures),
        }


@dataclass(frozen=True)
class Models:
    """All models by name; the first is the default."""

    by_name: dict[str, ServedModel]
    default: str
    limits: ServerLimits
    # Explanations that are computed at the same time: each occupies a thread while its pictures wait.
    explaining: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))

    def get(self, name: str, version: str = "") -> ServedModel:
        """The model of that name, and of that version if it is not empty. Raises `RequestError` 404."""
        if name not in self.by_name:
            raise RequestError(404, "model", f"no model of that name here; there are {', '.join(self.by_name)}")
        if version not in ("", MODEL_VERSION):
            raise RequestError(404, "version", f"no such version of {name}: the only one is {MODEL_VERSION}")
        return self.by_name[name]

    def close(self) -> None:
        """Stop all threads."""
        for model in self.by_name.values():
            model.batcher.close()


def load_models(sources: Sequence[str], limits: ServerLimits) -> Models:
    """The models in `sources`, each a shipped model's name, `NAME=PATH` or a path; none: all shipped models.

    Each has classified one picture, so that the first request is not slower. Raises `ModelFileError` or `ServingError`.
    """
    named = [_name_and_path(source) for source in sources or _shipped()]
    duplicates = sorted({name for name, _ in named if [other for other, _ in named].count(name) > 1})
    if duplicates:
        raise ServingError(f"two models are called {duplicates[0]}: name one by --model NAME=PATH")
    models = {name: _served(name, path, limits) for name, path in named}
    return Models(models, next(iter(models)), limits)


def _shipped() -> list[str]:
    """The shipped models, the most accurate first."""
    order = ("reader", "cnn")
    return sorted(shipped_models(), key=lambda name: order.index(name) if name in order else len(order))


def _name_and_path(source: str) -> tuple[str, str]:
    name, equals, path = source.partition("=")
    if not equals:
        path = source
        name = source if source in shipped_models() else _stem(Path(source))
    if not _NAME.fullmatch(name):
        raise ServingError(f"{name!r} cannot be a model's name in a URL: give one by --model NAME=PATH")
    return name, path


def _stem(path: Path) -> str:
    return path.name if path.is_dir() else path.parent.name if path.name == "model.onnx" else path.stem


def _served(name: str, path: str, limits: ServerLimits) -> ServedModel:
    file = Path(path) / "model.onnx"
    predictor = Predictor.load(file if file.is_file() else path, threads=_THREADS)
    predictor.predict_both(np.zeros((1, *predictor.size), np.uint8))

    def compute(batch: Sequence[Pictures]) -> list[ModelOutputs]:
        return _outputs(predictor, batch)

    return ServedModel(name, predictor, Batcher(name, compute, limits))


def _outputs(predictor: Predictor, batch: Sequence[Pictures]) -> list[ModelOutputs]:
    pictures = batch[0] if len(batch) == 1 else np.concatenate(batch)
    probabilities, logits = predictor.predict_both(pictures)
    ends = np.cumsum([len(part) for part in batch])[:-1]
    return [ModelOutputs(*both) for both in zip(np.split(probabilities, ends), np.split(logits, ends), strict=True)]

"""POST /v1/classify: pictures of 28x28, by one model or several, with the evidence of each pixel."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import RequestError
from inkdigits.evaluation.occlusion import occlusion_map
from inkdigits.serving.models import Models, ServedModel
from inkdigits.serving.responses import busy
from inkdigits.serving.schemas import ClassifyRequest

__all__ = ["classify"]

_MAX_EXPLAINED = 16  # pictures; each takes as long as classifying about 200 others


async def classify(models: Models, request: ClassifyRequest) -> dict[str, Any]:
    """`schemas.Classification` of the pictures.

    Raises `RequestError`: 404 for an unknown model, 422 for more pictures than are explained at once, 503 when too many
    requests wait.
    """
    pictures = np.array(request.images, np.uint8)
    chosen = [models.get(name) for name in request.models or [models.default]]
    if request.explain and len(pictures) * len(chosen) > _MAX_EXPLAINED:
        raise RequestError(422, "too-much", f"explain: at most {_MAX_EXPLAINED} pictures times models at once")
    results = await asyncio.gather(*(_by_one(model, pictures) for model in chosen))
    if request.explain:
        try:
            async with asyncio.timeout(models.limits.answer_seconds), models.explaining:
                for model, result in zip(chosen, results, strict=True):
                    for picture, prediction in zip(pictures, result["pictures"], strict=True):
                        prediction["evidence"] = await _evidence(model, picture, prediction["value"])
        except TimeoutError as error:
            raise busy("the answer took too long") from error
    return {"results": results}


async def _by_one(model: ServedModel, pictures: NDArray[np.uint8]) -> dict[str, Any]:
    rows = (await model.predict(pictures)).probabilities.tolist()
    predictions: list[dict[str, Any]] = [
        {"value": row.index(max(row)), "probability": max(row), "probabilities": row} for row in rows
    ]
    return {"model": model.name, "pictures": predictions}


async def _evidence(model: ServedModel, picture: NDArray[np.uint8], label: int) -> list[list[float]]:
    # In a thread, since its arrays are large; its pictures wait in the model's queue with those of others.
    evidence = await asyncio.to_thread(occlusion_map, _Queued(model, asyncio.get_running_loop()), picture, label)
    rows: list[list[float]] = np.round(evidence, 4).tolist()
    return rows


@dataclass(frozen=True)
class _Queued:
    """A model as a classifier for another thread than the event loop's."""

    model: ServedModel
    loop: asyncio.AbstractEventLoop

    def predict_proba(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The probabilities, once it is their turn. Raises as `Batcher.submit` does."""
        return asyncio.run_coroutine_threadsafe(self.model.predict(images), self.loop).result().probabilities

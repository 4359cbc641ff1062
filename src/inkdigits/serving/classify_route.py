"""POST /v1/classify: pictures of 28x28, by one model or several, with the ink that the answers rest on."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import RequestError
from inkdigits.evaluation.occlusion import occlusion_map
from inkdigits.serving.models import ModelOutputs, Models, ServedModel
from inkdigits.serving.schemas import ClassifyRequest

__all__ = ["classify"]

_MAX_EXPLAINED = 16  # pictures; each takes as long as about 200 others


async def classify(models: Models, request: ClassifyRequest) -> dict[str, Any]:
    """The answers as `schemas.Classification`. Raises `RequestError` for an unknown model or too much to explain."""
    pictures = np.array(request.images, np.uint8)
    asked = [models.get(name) for name in request.models or [models.default]]
    if request.explain and len(pictures) * len(asked) > _MAX_EXPLAINED:
        raise RequestError(422, "too-much", f"explain: at most {_MAX_EXPLAINED} pictures times models at once")
    results = await asyncio.gather(*(_by_one(model, pictures, request.explain) for model in asked))
    return {"results": results}


async def _by_one(model: ServedModel, pictures: NDArray[np.uint8], explain: bool) -> dict[str, Any]:
    answers = await model.predict(pictures)
    told = _told(answers)
    if explain:
        for picture, answer in zip(pictures, told, strict=True):
            answer["evidence"] = await _evidence(model, picture, answer["value"])
    return {"model": model.name, "pictures": told}


def _told(answers: ModelOutputs) -> list[dict[str, Any]]:
    rows = answers.probabilities.tolist()
    return [{"value": row.index(max(row)), "probability": max(row), "probabilities": row} for row in rows]


async def _evidence(model: ServedModel, picture: NDArray[np.uint8], label: int) -> list[list[float]]:
    # A thread of its own: it asks the model itself, in one large batch, beside the model's queue.
    found = await asyncio.to_thread(occlusion_map, model.predictor, picture, label)
    rows: list[list[float]] = np.round(found, 4).tolist()
    return rows

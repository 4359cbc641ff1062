"""POST /v1/classify."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.errors import RequestError
from inkdigits.modelfile.predictor import Predictor
from inkdigits.serving.classify_route import classify
from inkdigits.serving.models import load_models
from inkdigits.serving.schemas import ClassifyRequest
from inkdigits.serving.settings import ServerLimits
from tests.serving.server import Served


def test_predictions_are_the_models(served: Served, digits: LabelledDigits) -> None:
    wanted = {"images": digits.images[:5].tolist(), "models": ["dense", "cnn"]}
    results = served.post("/v1/classify", wanted).json["results"]
    assert [result["model"] for result in results] == ["dense", "cnn"]
    for result in results:
        expected = Predictor.load(result["model"]).predict_proba(digits.images[:5])
        found = np.array([picture["probabilities"] for picture in result["pictures"]])
        np.testing.assert_allclose(found, expected, atol=1e-6)
        assert [picture["value"] for picture in result["pictures"]] == expected.argmax(axis=1).tolist()


def test_the_evidence_lies_on_the_ink(served: Served, digits: LabelledDigits) -> None:
    wanted = {"images": digits.images[:1].tolist(), "models": ["cnn"], "explain": True}
    evidence = np.array(served.post("/v1/classify", wanted).json["results"][0]["pictures"][0]["evidence"])
    assert evidence.shape == (28, 28)
    assert evidence[digits.images[0] > 128].mean() > 5 * abs(evidence[digits.images[0] == 0].mean())


@pytest.mark.parametrize(
    ("change", "status", "needle"),
    [
        ({"images": []}, 422, "images"),
        ({"images": [[[0] * 28] * 27]}, 422, "images.0"),
        ({"images": [[[0.5] * 28] * 28]}, 422, "images.0"),
        ({"images": [[[256] * 28] * 28]}, 422, "less than or equal to 255"),
        ({"models": ["nix"]}, 404, "no model of that name"),
        ({"explain": True, "images": [[[0] * 28] * 28] * 20}, 422, "explain"),
        ({"other": 1}, 422, "other"),
    ],
)
def test_a_bad_classify_request(served: Served, change: dict[str, object], status: int, needle: str) -> None:
    answer = served.post("/v1/classify", {"images": [[[0] * 28] * 28], **change})
    assert answer.status == status
    assert needle in answer.json["detail"]


def test_explanations_wait_in_the_models_queue() -> None:
    """With a queue that is full, they are refused as other requests are."""
    limits = replace(ServerLimits(), queued=0)
    models = load_models(["dense"], limits)

    async def explain() -> None:
        await classify(models, ClassifyRequest(images=[[[0] * 28] * 28], explain=True))

    with pytest.raises(RequestError) as caught:
        asyncio.run(explain())
    models.close()
    assert (caught.value.status, caught.value.retry_after) == (503, 1)


def test_small_requests_are_answered_while_many_are_explained(served: Served, digits: LabelledDigits) -> None:
    wanted = {"images": digits.images[:16].tolist(), "models": ["reader"], "explain": True}
    with ThreadPoolExecutor(6) as pool:
        explained = [pool.submit(served.post, "/v1/classify", wanted) for _ in range(6)]
        assert served.post("/v1/classify", {"images": digits.images[:1].tolist()}).status == 200
        assert not all(answer.done() for answer in explained)
        assert {answer.result().status for answer in explained} <= {200, 503}

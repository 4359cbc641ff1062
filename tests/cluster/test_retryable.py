"""The response to a request for which Ray Serve's proxy sends nothing; without Ray."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from inkdigits.cluster.retryable import RetryWhenLost


def _asked(proxy: Any, path: str) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(RetryWhenLost(proxy)({"type": "http", "method": "POST", "path": path}, None, send))  # type: ignore[arg-type]
    return sent


async def _silent(scope: Any, receive: Any, send: Any) -> None:
    return


async def _cut_off(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})


@pytest.mark.parametrize(("path", "kind"), [("/v1/read", "type"), ("/v2/models/cnn/infer", "error")])
def test_silence_becomes_an_error_to_try_again_after(path: str, kind: str) -> None:
    start, body = _asked(_silent, path)
    assert start["status"] == 503
    assert (b"retry-after", b"1") in start["headers"]
    assert kind in json.loads(body["body"])


def test_an_answer_that_had_begun_is_left_alone() -> None:
    assert [message["type"] for message in _asked(_cut_off, "/v1/read")] == ["http.response.start"]

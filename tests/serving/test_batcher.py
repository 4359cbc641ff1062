"""Batches and full queues."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from inkdigits.errors import RequestError
from inkdigits.serving.batcher import Batcher
from inkdigits.serving.settings import ServerLimits
from tests.serving.server import HEAD, Served, open_connection, png


def test_a_full_queue_is_a_503_with_retry_after(stressed: Served) -> None:
    photo = np.full((2000, 3000), 250, np.uint8)
    photo[::90] = 0
    body = png(photo)
    head = HEAD.replace(b"image/png", b"image/x-any")
    connections = [
        open_connection(stressed, head + b"%d\r\n\r\n" % len(body) + body) for _ in range(ServerLimits().queued + 40)
    ]
    refused = [
        connection
        for connection in connections[-30:]
        if b" 503 " in (first := connection.recv(65536)) and b"retry-after: 1" in first
    ]
    for connection in connections:
        connection.close()
    assert refused


def _batches(limits: ServerLimits, sizes: list[int]) -> list[list[int]]:
    """The batches in which items of these sizes are computed when the first is still in progress as the others come."""
    batches: list[list[int]] = []
    others_queued = threading.Event()

    def compute(items: Sequence[int]) -> list[int]:
        batches.append(list(items))
        assert others_queued.wait(30)
        return [10 * item for item in items]

    async def submit_all() -> None:
        batcher = Batcher("test", compute, limits)
        tasks = [asyncio.create_task(batcher.submit(sizes[0], sizes[0]))]
        while not batches:
            await asyncio.sleep(0)
        tasks += [asyncio.create_task(batcher.submit(size, size)) for size in sizes[1:]]
        while len(batcher.queue) < len(sizes) - 1:
            await asyncio.sleep(0)
        others_queued.set()
        assert await asyncio.gather(*tasks) == [10 * size for size in sizes]
        batcher.close()

    asyncio.run(submit_all())
    return batches


def test_queued_items_share_a_batch_up_to_its_maximum() -> None:
    assert _batches(replace(ServerLimits(), batch=4), [1, 2, 2, 3, 1, 9]) == [[1], [2, 2], [3, 1], [9]]


def test_an_error_reaches_the_clients_of_its_batch() -> None:
    def compute(items: Sequence[int]) -> list[int | Exception]:
        return [ValueError("odd") if item % 2 else item for item in items]

    async def submit_all() -> list[int | BaseException]:
        batcher: Batcher[int, int] = Batcher("test", compute, ServerLimits())
        results = await asyncio.gather(*(batcher.submit(item) for item in (1, 2)), return_exceptions=True)
        batcher.close()
        return results

    odd, even = asyncio.run(submit_all())
    assert isinstance(odd, ValueError)
    assert even == 2


def test_a_result_that_takes_too_long_is_a_503() -> None:
    slow = threading.Event()

    def compute(items: Sequence[int]) -> list[int]:
        slow.wait(30)
        return list(items)

    async def submit() -> None:
        batcher = Batcher("test", compute, replace(ServerLimits(), answer_seconds=0.01))
        try:
            await batcher.submit(1)
        finally:
            slow.set()
            batcher.close()

    with pytest.raises(RequestError) as caught:
        asyncio.run(submit())
    assert (caught.value.status, caught.value.retry_after) == (503, 1)

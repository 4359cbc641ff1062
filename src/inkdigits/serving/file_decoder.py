"""Decodes the files that need a process of their own: first within small limits, what exceeds them within larger ones.

So files that are slow to decode wait for each other, and quick ones do not wait for them.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import aclosing

from inkdigits.errors import PictureCostError
from inkdigits.images.decoder_pool import DecoderPool
from inkdigits.images.decoding_limits import DecodingLimits
from inkdigits.images.page import Page
from inkdigits.serving.responses import busy
from inkdigits.serving.settings import ServerLimits

__all__ = ["FileDecoder"]


class FileDecoder:
    """Two pools of decoding processes, and the files that wait for them."""

    def __init__(self, limits: ServerLimits) -> None:
        self._limits = limits
        self._quick = _Places(limits.quick_decoding, limits.quick_files, limits.quick_seconds)
        self._slow = _Places(limits.slow_decoding, limits.slow_files, limits.answer_seconds)
        self._files = 0

    async def pages(self, content: bytes, name: str) -> AsyncGenerator[Page]:
        """The pages of a file. While a page is used, the file keeps its place: so few decoded pages are in memory.

        Raises `PictureError`, and `RequestError` 503 when too many files wait. Close it when it is left early.
        """
        if self._files >= self._limits.queued:
            raise busy("too many files wait to be decoded")
        self._files += 1
        done = 0
        try:
            with contextlib.suppress(PictureCostError):  # the larger limits may be enough
                async with aclosing(self._quick.decoded(content, name, self._limits.pages, done)) as pages:
                    async for page, last in pages:
                        yield page
                        done += 1
                        if last:
                            return
            async with aclosing(self._slow.decoded(content, name, self._limits.pages, done)) as pages:
                async for page, _ in pages:
                    yield page
        finally:
            self._files -= 1

    def close(self) -> None:
        """End the processes."""
        self._quick.close()
        self._slow.close()


class _Places:
    """A pool of decoding processes, of which `count` work at a time, each on one file for at most `seconds`."""

    def __init__(self, limits: DecodingLimits, count: int, seconds: float) -> None:
        self._pool = DecoderPool(limits)
        self._free = asyncio.Semaphore(count)
        self._seconds = seconds
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="decode")

    async def decoded(self, content: bytes, name: str, max_pages: int, first: int) -> AsyncGenerator[tuple[Page, bool]]:
        """The pages of a file from page `first` on, each with whether it is the last one, until its time is over."""
        async with self._free:
            until = time.monotonic() + self._seconds
            pages = self._pool.pages(content, name, max_pages, first)
            step: Future[tuple[Page, bool] | None] | None = None
            try:
                while step is None or time.monotonic() < until:
                    step = self._threads.submit(next, pages, None)
                    found = await asyncio.wrap_future(step)
                    if found is None:
                        return
                    yield found
            finally:
                # A cancelled request leaves its step running until the process answers or exceeds its limits.
                if step is not None:
                    step.add_done_callback(lambda _: pages.close())

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._pool.close()

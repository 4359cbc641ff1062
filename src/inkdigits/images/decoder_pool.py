"""Processes that decode pictures, with limits on memory and time: killed when they exceed them, and replaced.

A process is started when it is first needed and kept for the next file. What comes back from it is checked, since a
file may have taken it over.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import os
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import PictureCostError, PictureError
from inkdigits.images.decoding_limits import DecodingLimits
from inkdigits.images.file_formats import MAX_PIXELS
from inkdigits.images.page import Page

__all__ = ["DecoderPool", "shared_pool"]

_PROCESS = "inkdigits.images.decoder_process"
_MAX_LINE = 65_536  # bytes of an answer's line
_SIGXCPU = 24  # Windows has no such constant


@dataclass
class DecoderPool:
    """The idle processes with these limits; several threads may use it at the same time."""

    limits: DecodingLimits = field(default_factory=DecodingLimits)
    idle: list[_Decoder] = field(default_factory=list)
    busy: set[_Decoder] = field(default_factory=set)

    def pages(
        self, content: bytes | Path, name: str, max_pages: int | None = None, first: int = 0
    ) -> Generator[tuple[Page, bool]]:
        """The pages of a file, by its bytes or path, from page `first` on, each with whether it is the last one.

        Each is decoded while the one before it is used.
        Raises `PictureError` as `file_formats.file_pages` does, and `PictureCostError` when the process exceeds its
        limits or crashes.
        """
        decoder = self._started()
        self.busy.add(decoder)
        kept = False
        try:
            decoder.ask(content, name, max_pages, first)
            number, last = first, False
            while not last:
                pixels, last = decoder.next_page(name)
                kept = self._keep(decoder)
                yield Page(name, number, pixels), last
                number += 1
        except PictureError:
            kept = kept or self._keep(decoder)
            raise
        finally:
            if not kept:
                self.busy.discard(decoder)
                decoder.kill()

    def _keep(self, decoder: _Decoder) -> bool:
        """Keep a process that has finished its file for the next one; whether it has."""
        if decoder.is_idle:
            self.busy.discard(decoder)
            self.idle.append(decoder)
            return True
        return False

    def _started(self) -> _Decoder:
        """An idle process that still runs, or a process that starts."""
        while True:
            try:
                decoder = self.idle.pop()
            except IndexError:
                return _Decoder(self.limits)
            if decoder.process.poll() is None:
                return decoder
            decoder.kill()

    def close(self) -> None:
        """End all processes; files that are being decoded are refused."""
        for decoder in tuple(self.busy):
            decoder.process.kill()
        while self.idle:
            self.idle.pop().kill()


class _Decoder:
    """One process, and the pipes to it."""

    def __init__(self, limits: DecodingLimits) -> None:
        self._limits = limits
        self.is_idle = False
        self.process: subprocess.Popen[bytes] = subprocess.Popen(
            # -P: the current folder must not shadow a module.
            [
                sys.executable,
                "-P",
                "-m",
                _PROCESS,
                str(limits.memory),
                str(limits.cpu_seconds),
                str(limits.niceness),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # decoders warn there, in lines of their own making
            # Each thread of OpenBLAS would reserve address space.
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            # Ctrl-C in a terminal is for the parent, which may need this process to finish.
            start_new_session=True,
        )

    def ask(self, content: bytes | Path, name: str, max_pages: int | None, first: int) -> None:
        """Send a file. A process that ended meanwhile is noticed by `next_page`."""
        self.is_idle = False
        path = os.fsencode(content.resolve()).hex() if isinstance(content, Path) else ""
        body = b"" if isinstance(content, Path) else content
        request = {"name": name, "max_pages": max_pages, "first": first, "path": path, "bytes": len(body)}
        with contextlib.suppress(BrokenPipeError), self._deadline():
            stream = _stream(self.process.stdin)
            stream.write(json.dumps(request).encode() + b"\n")
            stream.write(body)
            stream.flush()

    def next_page(self, name: str) -> tuple[NDArray[np.uint8], bool]:
        """The next page's pixels, and whether it is the last one. Raises `PictureError`."""
        with self._deadline() as deadline:
            stream = _stream(self.process.stdout)
            answer = _parsed(stream.readline(_MAX_LINE))
            if answer is not None and "error" in answer:
                self.is_idle = not answer.get("ends", True)
                raise (PictureCostError if answer.get("costly") else PictureError)(str(answer["error"]))
            pixels = None if answer is None else _pixels(answer, stream)
        if answer is None or pixels is None:
            raise PictureCostError(f"{name}: {self._why_it_ended(deadline.passed)}")
        last = answer.get("last") is True
        self.is_idle = last and not answer.get("ends", True)
        return pixels, last

    @contextlib.contextmanager
    def _deadline(self) -> Iterator[_Deadline]:
        """Kill the process when the block takes too long: its pipes then end."""
        deadline = _Deadline(self.process)
        timer = threading.Timer(self._limits.seconds, deadline.pass_)
        timer.daemon = True
        timer.start()
        try:
            yield deadline
        finally:
            timer.cancel()

    def _why_it_ended(self, timed_out: bool) -> str:
        """In words, from the exit code of the process."""
        self.process.kill()
        code = self.process.wait()
        if timed_out or code == -_SIGXCPU:
            seconds = self._limits.seconds if timed_out else self._limits.cpu_seconds
            return f"refused, a page takes longer than {seconds:g} seconds to decode"
        memory = self._limits.memory // 2**20
        return (
            f"refused, decoding it takes more than {memory:,} MiB of memory, or crashes the decoder (exit code {code})"
        )

    def kill(self) -> None:
        """End the process, whatever it does."""
        self.process.kill()
        for stream in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(BrokenPipeError):
                _stream(stream).close()
        self.process.wait()


@dataclass
class _Deadline:
    process: subprocess.Popen[bytes]
    passed: bool = False

    def pass_(self) -> None:
        self.passed = True
        self.process.kill()


def _stream(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise TypeError("a decoding process is started with pipes")
    return stream


def _parsed(line: bytes) -> dict[str, Any] | None:
    """An answer's line; None when there is none, or the process no longer speaks the protocol."""
    try:
        answer = json.loads(line)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None


def _pixels(answer: dict[str, Any], stream: IO[bytes]) -> NDArray[np.uint8] | None:
    """The pixels that follow; None where they are cut off or of a shape that no page has."""
    shape = answer.get("shape")
    if not isinstance(shape, list) or not all(type(side) is int and side > 0 for side in shape):
        return None
    if len(shape) not in (2, 3) or shape[2:] not in ([], [3]) or shape[0] * shape[1] > MAX_PIXELS:
        return None
    pixels = np.empty(shape, np.uint8)
    left = pixels.reshape(-1).data
    while left:
        count = stream.readinto(left)  # type: ignore[attr-defined]
        if not count:
            return None
        left = left[count:]
    return pixels


def shared_pool() -> DecoderPool:
    """The pool of this process, for whatever decodes one picture after the other."""
    return _pool_of(os.getpid())  # by process: a fork must not use its parent's pipes


@functools.cache
def _pool_of(_: int) -> DecoderPool:
    pool = DecoderPool()
    atexit.register(pool.close)
    return pool

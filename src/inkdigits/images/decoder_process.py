"""The main function of a decoding process: requests on stdin, pages on stdout, limits that the kernel keeps.

A request is a line of JSON (`name`, `max_pages`, `first`, and `path` or `bytes`), then as many bytes of content. An
answer is a line for each page (`shape`, `last`, `ends`), each followed by its pixels, or a line with an `error`;
`ends` says that the process is not to be asked again. It imports neither ONNX Runtime nor a server, and ends when its
stdin does.

    python -m inkdigits.images.decoder_process MEMORY_BYTES CPU_SECONDS NICENESS
"""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from inkdigits.errors import PictureCostError, PictureError
from inkdigits.images.file_formats import DecodedPage, file_pages

__all__ = ["main"]

# A process that has held more than this many bytes ends after its file, so that none keeps memory without need.
_MAX_KEPT = 200 * 2**20


def main() -> None:
    """Serve requests until stdin ends."""
    memory, cpu_seconds, niceness = map(int, sys.argv[1:])
    answers = _private_stdout()
    _limit(memory)
    if sys.platform != "win32":
        os.nice(niceness)
    while line := sys.stdin.buffer.readline():
        request = json.loads(line)
        content = sys.stdin.buffer.read(request["bytes"])
        _answer(request, content, answers, cpu_seconds)


def _private_stdout() -> BinaryIO:
    """The pipe to the parent under another number, so that what a library prints does not get into it."""
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.close(quiet)
    return answers


def _limit(memory: int) -> None:
    """Bound the address space; no file may be written, and a crash leaves no core file."""
    if sys.platform == "win32":
        return
    import resource

    for kind, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0)):
        hard = resource.getrlimit(kind)[1]
        lowest = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (lowest, lowest))


def _allow_cpu(seconds: int) -> None:
    """Have the kernel end this process (SIGXCPU) once it has computed for `seconds` more."""
    if sys.platform == "win32":
        return
    import resource

    usage = resource.getrusage(resource.RUSAGE_SELF)
    until = int(usage.ru_utime + usage.ru_stime) + 1 + seconds
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (until if hard == resource.RLIM_INFINITY else min(until, hard), hard))


def _is_swollen() -> bool:
    """Whether this process has held more memory than it is to keep; only Linux says so."""
    try:
        status = Path("/proc/self/status").read_bytes()
    except FileNotFoundError:
        return False
    # getrusage would count what the parent held when it started this process.
    return int(status.partition(b"VmHWM:")[2].split()[0]) * 1024 > _MAX_KEPT


def _answer(request: dict[str, Any], content: bytes, answers: BinaryIO, cpu_seconds: int) -> None:
    _allow_cpu(cpu_seconds)
    try:
        for pixels, last in _pages(request, content):
            _tell(answers, {"shape": pixels.shape, "last": last})
            _write(answers, np.ascontiguousarray(pixels).reshape(-1).data)
            _allow_cpu(cpu_seconds)
    except (PictureError, MemoryError) as error:
        message = str(error) or f"{request['name']}: not enough memory to decode it"
        costly = isinstance(error, PictureCostError | MemoryError)
        _tell(answers, {"error": message, "costly": costly})


def _pages(request: dict[str, Any], content: bytes) -> Iterator[DecodedPage]:
    name, max_pages, first = request["name"], request["max_pages"], request["first"]
    with (
        Path(os.fsdecode(bytes.fromhex(request["path"]))).open("rb") if request["path"] else io.BytesIO(content) as file
    ):
        yield from file_pages(file, name, max_pages, first)


def _tell(answers: BinaryIO, line: dict[str, Any]) -> None:
    _write(answers, json.dumps({**line, "ends": _is_swollen()}).encode() + b"\n")


def _write(answers: BinaryIO, content: bytes | memoryview) -> None:
    left = memoryview(content)
    while left:
        left = left[answers.write(left) :]


if __name__ == "__main__":
    main()

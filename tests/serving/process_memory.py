"""The resident memory of a process and all that it started, watched while something happens."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["MemoryPeak", "decoder_memory", "process_tree", "tree_memory", "watched_memory"]

_SECONDS = 0.02
_PAGE = 4096


@dataclass
class MemoryPeak:
    """The most that was seen, in bytes."""

    most: int = 0


def tree_memory(pid: int) -> int:
    """Resident bytes of `pid` and its descendants; files that several of them map count once for each."""
    return sum(_resident(each) for each in process_tree(pid))


def decoder_memory(pid: int) -> int:
    """Resident bytes of the decoding processes among the descendants of `pid`."""
    return sum(_resident(each) for each in process_tree(pid) if _is_decoder(each))


def process_tree(pid: int) -> Iterator[int]:
    """`pid` and its descendants."""
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found = children.read_text().split()
        except OSError:  # it ended meanwhile
            continue
        for child in found:
            yield from process_tree(int(child))


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    except (OSError, IndexError):  # it ended meanwhile
        return 0


def _is_decoder(pid: int) -> bool:
    try:
        return b"inkdigits.images.decoder_process" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:  # it ended meanwhile
        return False


@contextmanager
def watched_memory(pid: int) -> Iterator[MemoryPeak]:
    """Measures `tree_memory` again and again inside the block."""
    peak, done = MemoryPeak(tree_memory(pid)), threading.Event()

    def watch() -> None:
        while not done.wait(_SECONDS):
            peak.most = max(peak.most, tree_memory(pid))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peak
    finally:
        done.set()
        thread.join()

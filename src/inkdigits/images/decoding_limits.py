"""The limits of processes that decode pictures; without NumPy, which a server's settings do not need."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DecodingLimits"]


@dataclass(frozen=True)
class DecodingLimits:
    """What a decoding process may take. Linux keeps them all; macOS and Windows do not bound the memory."""

    memory: int = 2 * 2**30  # bytes of address space, Python and the libraries of the decoders included
    cpu_seconds: int = 60  # of computing, for each page
    seconds: float = 180.0  # that a caller waits for each page
    niceness: int = 0  # how far the processes yield to others: 0 not at all, to 19

"""How much memory this process may still take."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

__all__ = ["free_memory"]

# The limit of a container, under the second and the first version of Linux's control groups.
_CONTAINER_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def free_memory() -> int | None:
    """Bytes that this process may still take, by the system, its container and its limits; None where nothing tells."""
    return min(_bounds(), default=None)


def _bounds() -> Iterator[int]:
    own = _kibibytes("/proc/self/status")
    available = _kibibytes("/proc/meminfo").get("MemAvailable")
    if available is not None:
        yield available
    for path in _CONTAINER_LIMITS:
        limit = _text(path).strip()
        if limit.isdecimal():
            yield max(0, int(limit) - own.get("RssAnon", 0))
    yield from (max(0, limit - own[used]) for used, limit in _process_limits().items() if used in own)


def _process_limits() -> dict[str, int]:
    """What `ulimit` says, by the line of /proc/self/status that counts towards it."""
    try:
        import resource
    except ImportError:  # on Windows
        return {}
    limits = {"VmData": resource.RLIMIT_DATA, "VmSize": resource.RLIMIT_AS}
    found = {used: resource.getrlimit(limit)[0] for used, limit in limits.items()}
    return {used: limit for used, limit in found.items() if limit != resource.RLIM_INFINITY}


def _kibibytes(path: str) -> dict[str, int]:
    """The lines of `path` that count kB, in bytes."""
    lines = (line.split() for line in _text(path).splitlines())
    return {words[0].rstrip(":"): 1024 * int(words[1]) for words in lines if len(words) == 3 and words[2] == "kB"}


def _text(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""

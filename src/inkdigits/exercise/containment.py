"""Limits on a submission's processes by what the system offers: namespaces, control groups, or polling /proc.

Nothing here is required. Where `unshare` may not create a network and a process namespace, a submission has the
network; where control groups are not writable, memory and processes are polled, and a submission beyond its limit is
killed a moment later. Without /proc (macOS) neither is possible and only the kernel's own process group is killed.
docs/guides/exercise.md says what that does and does not contain.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from inkdigits.exercise.submission_limits import SubmissionLimits

__all__ = ["TOKEN", "ControlGroups", "Usage", "end_processes", "isolation_prefix", "measure_usage"]

TOKEN = "INKDIGITS_SUBMISSION"  # in the environment of every process of a submission, inherited by its children
_NAMESPACES = (
    ("--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"),
    ("--user", "--map-root-user", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"),
    ("--net",),
    ("--user", "--map-root-user", "--net"),
)


@cache
def isolation_prefix() -> tuple[str, ...]:
    """The strongest `unshare …` that works here, as a prefix of a command; empty where none does."""
    if sys.platform != "linux":
        return ()
    # When the checker itself is killed, its submissions are killed too.
    bound = _if_it_works(("setpriv", "--pdeathsig", "KILL"))
    spaces = (_if_it_works(("unshare", *flags)) for flags in _NAMESPACES)
    return (*bound, *next(filter(None, spaces), ()))


def _if_it_works(prefix: tuple[str, ...]) -> tuple[str, ...]:
    if shutil.which(prefix[0]) is None:
        return ()
    tried = subprocess.run([*prefix, "true"], capture_output=True, check=False)
    return prefix if tried.returncode == 0 else ()


@dataclass(frozen=True)
class Usage:
    """What a submission's processes use at a moment."""

    processes: int
    memory_bytes: int


def measure_usage(token: str) -> Usage:
    """Count the processes that carry `token` and the memory that they hold. Zero where there is no /proc."""
    found = [_resident_bytes(pid) for pid in _carriers(token)]
    return Usage(len(found), sum(found))


def _carriers(token: str) -> list[int]:
    mark = f"{TOKEN}={token}".encode()
    return [int(folder.name) for folder in Path("/proc").glob("[0-9]*") if mark in _environment(folder)]


def _environment(folder: Path) -> bytes:
    # A process may end between being listed and being read, and another user's may not be read: neither is ours.
    try:
        return (folder / "environ").read_bytes()
    except OSError:
        return b""


def _resident_bytes(pid: int) -> int:
    """The proportional set size without mapped files: private memory, and shared memory divided by its sharers."""
    folder = Path("/proc") / str(pid)
    # Counted whole in each process, the shared pages of a few forks would exceed the limit.
    # Kernels before 5.9 do not report these fields by kind, and the kernels of some containers report none.
    try:
        rollup = (folder / "smaps_rollup").read_text()
        parts = re.findall(r"^Pss_(?:Anon|Shmem): +(\d+) kB", rollup, re.MULTILINE)
        return 1024 * sum(map(int, parts)) if parts else _whole_resident_bytes(folder)
    except OSError:
        return _whole_resident_bytes(folder)


def _whole_resident_bytes(folder: Path) -> int:
    try:
        pages = (folder / "statm").read_text().split()
    except OSError:
        return 0
    resident, shared = int(pages[1]), int(pages[2])
    return (resident - shared) * os.sysconf("SC_PAGE_SIZE")


def end_processes(token: str) -> None:
    """Kill every process that carries `token`, until none is left: a fork bomb makes new ones meanwhile."""
    for _ in range(200):
        carriers = _carriers(token)
        if not carriers:
            return
        for pid in carriers:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


class ControlGroups:
    """A child of each of our own control groups (memory and pids), for one submission; none where not writable."""

    def __init__(self, name: str, limits: SubmissionLimits) -> None:
        self.folders = [folder for folder in (_make_child(group, name) for group in _own_groups()) if folder]
        for folder in self.folders:
            _set_limits(folder, limits)

    def joining_command(self) -> tuple[str, ...]:
        """A command prefix that moves itself into the groups before it becomes the command that follows."""
        if not self.folders:
            return ()
        moves = "; ".join(f"echo $$ > '{folder}/cgroup.procs'" for folder in self.folders)
        return ("/bin/sh", "-c", f'{moves}; exec "$@"', "sh")

    def memory_was_exceeded(self) -> bool:
        """Whether the kernel ended a process of the group for its memory."""
        for folder in self.folders:
            for name in ("memory.oom_control", "memory.events"):
                with suppress(OSError):
                    counts = dict(line.split()[:2] for line in (folder / name).read_text().splitlines())
                    if int(counts.get("oom_kill", 0)) > 0:
                        return True
        return False

    def end(self) -> None:
        """Kill what is left in the groups and remove them."""
        for folder in self.folders:
            for _ in range(100):
                for pid in (folder / "cgroup.procs").read_text().split():
                    with suppress(ProcessLookupError):
                        os.kill(int(pid), signal.SIGKILL)
                try:
                    folder.rmdir()
                    break
                except OSError:
                    # What was killed leaves its group a moment later.
                    time.sleep(0.05)


def _own_groups() -> list[Path]:
    """Our own groups that can limit memory and processes, of version 1 (one a kind) or 2 (one for all)."""
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return []
    root = Path("/sys/fs/cgroup")
    groups = []
    for line in lines:
        _, kinds, path = line.split(":", 2)
        if not kinds and (root / "cgroup.controllers").exists():
            groups.append(root / path.lstrip("/"))
        groups += [root / kind / path.lstrip("/") for kind in ("memory", "pids") if kind in kinds.split(",")]
    return groups


def _make_child(group: Path, name: str) -> Path | None:
    folder = group / name
    try:
        folder.mkdir()
    except OSError:
        return None
    return folder


def _set_limits(folder: Path, limits: SubmissionLimits) -> None:
    # A thread counts as a process here, and numerical libraries start one a core: leave them room.
    wanted = {
        "memory.limit_in_bytes": limits.memory_bytes,
        "memory.max": limits.memory_bytes,
        "pids.max": 4 * limits.processes + 16 * (os.cpu_count() or 1),
    }
    for name, value in wanted.items():
        if (folder / name).exists():
            with suppress(OSError):
                (folder / name).write_text(str(value))

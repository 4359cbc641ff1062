"""Runs a submission as a user of its own, who cannot read or change the other submissions, where root runs the checker.

Where the system allows mounts, the folders of the other submissions are hidden from it besides.
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from inkdigits.exercise.containment import isolation_prefix

__all__ = ["OtherUser", "places_to_hide", "runs_submissions_as_root"]

# Far above the users of a machine, and below what 32 bits hold.
_FIRST_ID = 2_000_000
_numbers = itertools.count(os.getpid() * 100)
_MAX_FILES = 1000  # that are hidden one by one


def _next_id() -> int:
    return _FIRST_ID + next(_numbers) % 50_000_000


@cache
def _can_change_user() -> bool:
    """Whether we are root, and another user can run this Python with what a kernel needs."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or shutil.which("setpriv") is None:
        return False
    tried = [*_as_user(_FIRST_ID), sys.executable, "-c", "import inkdigits.exercise, ipykernel, numpy"]
    return subprocess.run(tried, capture_output=True, check=False, cwd="/").returncode == 0


def runs_submissions_as_root() -> bool:
    """Whether submissions run as root, which may read and change everything: we are root and cannot change the user."""
    return hasattr(os, "geteuid") and os.geteuid() == 0 and not _can_change_user()


def _as_user(number: int) -> tuple[str, ...]:
    # A change of user clears the signal that a process gets when its parent ends, so it is set again.
    user = ("setpriv", "--reuid", str(number), "--regid", str(number), "--clear-groups", "--no-new-privs")
    return (*user, "setpriv", "--pdeathsig", "KILL") if sys.platform == "linux" else user


@dataclass(frozen=True)
class OtherUser:
    """Who runs one submission, and what is hidden from it."""

    hidden: tuple[Path, ...] = ()
    number: int = field(default_factory=_next_id)

    def take(self, *folders: Path) -> None:
        """Make `folders`, with all that is in them, this user's alone."""
        if not _can_change_user():
            return
        for folder in folders:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, self.number, self.number)
            folder.chmod(0o700)

    def prefix(self) -> tuple[str, ...]:
        """A command prefix that hides what is to be hidden and becomes this user."""
        changed = _as_user(self.number) if _can_change_user() else ()
        return (*self._hiding(), *changed)

    def _hiding(self) -> Iterator[str]:
        if not self.hidden or "--mount" not in isolation_prefix() or shutil.which("mount") is None:
            return
        # Folders are covered by empty ones, files by the null device; the rest of the arguments is the command.
        cover = (
            'if [ -d "$1" ]; then mount -t tmpfs -o size=4k,mode=755 none "$1"; else mount --bind /dev/null "$1"; fi'
        )
        yield from ("/bin/sh", "-c", f'n=$1; shift; while [ $n -gt 0 ]; do {cover}; shift; n=$((n-1)); done; exec "$@"')
        yield from ("sh", str(len(self.hidden)), *map(str, self.hidden))


def places_to_hide(files: list[Path]) -> tuple[Path, ...]:
    """The folders of `files`, or the files themselves where a folder also holds what the checker needs to run."""
    needed = [
        Path(sys.prefix),
        Path(sys.base_prefix),
        Path(__file__).parents[1] / "__init__.py",
        Path(tempfile.gettempdir()),
        Path.cwd(),
    ]
    needed += [Path(entry) for entry in sys.path if entry]
    with suppress(RuntimeError):
        needed.append(Path.home())
    places: dict[Path, None] = {}
    for file in (path.resolve() for path in files):
        folder = file.parent
        holds_needed = any(part.resolve().is_relative_to(folder) for part in needed)
        places[file if holds_needed else folder] = None
    return tuple(places)[:_MAX_FILES]

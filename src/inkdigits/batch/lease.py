"""One job per folder of results: a lock on this machine, a lease that is renewed behind a URL."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from inkdigits.batch.storage import Storage
from inkdigits.errors import BatchError, OutputError
from inkdigits.system.atomic_io import make_folder
from inkdigits.system.locks import exclusive_lock
from inkdigits.system.typed_json import from_json

__all__ = ["LEASE_SECONDS", "hold_lease"]

# A lease that was not renewed for this long has expired.
LEASE_SECONDS = 60
_LEASE = ".lease.json"


@contextlib.contextmanager
def hold_lease(out: Storage) -> Iterator[None]:
    """Hold the folder `out` for the block. Raises `BatchError` while another job holds it, `OutputError` when refused.

    Behind a URL two jobs that start at the same moment may both get the lease; they would write the same parts with the
    same content.
    """
    if out.local is not None:
        make_folder(out.local)
        with exclusive_lock(out.local / ".lock", BatchError(f"{out.url}: another job is writing into it: wait for it")):
            yield
        return
    _refuse_if_held(out)
    _renew(out)
    over = threading.Event()
    renewing = threading.Thread(target=_keep_renewing, args=(out, over), daemon=True)
    renewing.start()
    try:
        yield
    finally:
        over.set()
        renewing.join()
        # Where the storage is gone the lease expires, and the error of the block says what is wrong.
        with contextlib.suppress(OutputError):
            out.remove(_LEASE)


@dataclass(frozen=True)
class _Lease:
    host: str
    pid: int
    until: float  # in seconds since the epoch


def _refuse_if_held(out: Storage) -> None:
    if not out.exists(_LEASE):
        return
    try:
        lease = from_json(_Lease, json.loads(out.read(_LEASE)))
    except ValueError as error:
        raise BatchError(f"{out.url}/{_LEASE}: {error}: remove it, unless another job is writing there") from error
    left = lease.until - time.time()
    if left > 0 and not _is_dead(lease):
        raise BatchError(
            f"{out.url}: another job is writing into it (process {lease.pid} on {lease.host}): wait for it; if it was "
            f"killed, try again in {left:.0f} seconds"
        )


def _is_dead(lease: _Lease) -> bool:
    """Whether the lease is of a process of this machine that has ended."""
    if lease.host != socket.gethostname():
        return False
    try:
        os.kill(lease.pid, 0)
        # A killed process exists until its parent has waited for it.
        state = Path(f"/proc/{lease.pid}/stat").read_text().rpartition(")")[2].split()[0]
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return state == "Z"


def _renew(out: Storage) -> None:
    lease = _Lease(socket.gethostname(), os.getpid(), time.time() + LEASE_SECONDS)
    out.write(_LEASE, json.dumps(asdict(lease)).encode())


def _keep_renewing(out: Storage, over: threading.Event) -> None:
    while not over.wait(LEASE_SECONDS / 4):
        # A storage that fails for a moment is tried again after a quarter of the lease.
        with contextlib.suppress(Exception):
            _renew(out.reopened())

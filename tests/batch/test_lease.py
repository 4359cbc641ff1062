"""One job at a time: a lock on this machine, a lease behind a URL."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import subprocess
import time
from pathlib import Path

import pytest

from inkdigits.batch.lease import hold_lease
from inkdigits.batch.storage import Storage, open_storage
from inkdigits.errors import BatchError
from tests.batch.in_process import read_here


def test_two_jobs_into_one_folder_are_refused(scans: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    with (out / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(BatchError, match="another job is writing into it"):
            read_here(scans, out)


@pytest.fixture
def remote(tmp_path: Path) -> Storage:
    """A folder behind a URL: fsspec's own, in memory."""
    return open_storage(f"memory:/{tmp_path}")


def _lease(host: str, pid: int, seconds: float) -> bytes:
    return json.dumps({"host": host, "pid": pid, "until": time.time() + seconds}).encode()


def test_a_lease_is_refused_to_a_second_job_and_released_at_the_end(remote: Storage) -> None:
    with hold_lease(remote):
        assert json.loads(remote.read(".lease.json"))["pid"] == os.getpid()
        with pytest.raises(BatchError, match=f"process {os.getpid()} on {socket.gethostname()}"), hold_lease(remote):
            pass
    assert not remote.exists(".lease.json")


def test_a_lease_of_another_machine_holds_until_it_expires(remote: Storage) -> None:
    remote.write(".lease.json", _lease("elsewhere", 1, 30))
    with pytest.raises(BatchError, match="on elsewhere"), hold_lease(remote):
        pass
    remote.write(".lease.json", _lease("elsewhere", 1, -1))
    with hold_lease(remote):
        pass


def test_a_lease_of_a_dead_process_of_this_machine_is_free(remote: Storage) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    remote.write(".lease.json", _lease(socket.gethostname(), ended.pid, 30))
    with hold_lease(remote):
        pass


def test_a_damaged_lease_is_named(remote: Storage) -> None:
    remote.write(".lease.json", b'{"host": "elsewhere"}')
    with pytest.raises(BatchError, match=r"\.lease\.json: field pid is missing: remove it"), hold_lease(remote):
        pass

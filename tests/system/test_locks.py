"""A lock file is held by one process, and free again when that process ends, however it ends."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from inkdigits.errors import OutputError, RunError
from inkdigits.system.locks import exclusive_lock

BUSY = RunError("in use")
HOLD = """
import sys, time
from pathlib import Path
from inkdigits.errors import RunError
from inkdigits.system.locks import exclusive_lock
with exclusive_lock(Path(sys.argv[1]), RunError("in use")):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_another_process_is_kept_out_until_the_holder_ends(tmp_path: Path, end: signal.Signals) -> None:
    lock = tmp_path / "lock"
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(lock)], stdout=subprocess.PIPE)
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(RunError, match="in use"), exclusive_lock(lock, BUSY):
            pytest.fail("two processes hold the lock")
        holder.send_signal(end)
        holder.wait()
    with exclusive_lock(lock, BUSY):
        pass
    with exclusive_lock(lock, BUSY):
        pass


def test_a_lock_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"cannot write .*gone"), exclusive_lock(tmp_path / "gone" / "lock", BUSY):
        pytest.fail("held a lock without a file")

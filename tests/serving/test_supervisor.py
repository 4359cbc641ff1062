"""Several workers: one that dies is replaced, and none outlives its parent."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from inkdigits.datasets.labelled import LabelledDigits
from tests.serving.server import Served, png, serving


def _children(server: Served) -> list[int]:
    """The processes of the workers; the resource tracker that Python adds is none."""
    pids = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    return [int(pid) for pid in pids if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def test_a_worker_that_dies_is_replaced(digits: LabelledDigits) -> None:
    with serving("--workers", 2, "--quiet") as server:
        first = _children(server)
        assert len(first) == 2
        os.kill(first[0], signal.SIGKILL)
        assert server.reading(png(digits.images[0]))["string"] == "7"
        for _ in range(200):
            if len(_children(server)) == 2 and first[0] not in _children(server):
                break
            time.sleep(0.1)
        assert len(_children(server)) == 2
        assert server.reading(png(digits.images[0]))["string"] == "7"
        assert [line["event"] for line in server.lines()] == ["worker_exited"]


def test_workers_do_not_outlive_their_parent() -> None:
    with serving("--workers", 2, "--quiet") as server:
        workers = _children(server)
        server.process.kill()
        server.process.wait()
        for _ in range(200):
            if not any(Path(f"/proc/{pid}").exists() for pid in workers):
                break
            time.sleep(0.1)
        assert not any(Path(f"/proc/{pid}").exists() for pid in workers)

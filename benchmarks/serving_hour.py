"""Claim: after an hour at 70 % of its highest rate, with faults mixed in, a service is as it was after ten minutes.

A real `inkdigits serve --workers 2` on the loopback. First its highest rate with 16 honest clients is found (20 s).
Then they ask at 70 % of it while, again and again, a worker is killed, damaged files and bombs are sent, clients are
slow, and all workers are reloaded. Every ten seconds memory, file descriptors and temporary files are written as a row
of CSV; matplotlib, where it is installed, draws them.

    python benchmarks/serving_hour.py [--minutes 60] [--out build/serving-hour]

Exit code 1 when an honest request fails that was not in a killed worker, when the memory at the end is over 5 % above
that after a sixth of the time, or when descriptors or temporary files grow.
"""

from __future__ import annotations

import argparse
import csv
import os
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.images.bombs import BOMBS
from tests.serving.hostile_connections import attacked_by
from tests.serving.process_memory import tree_memory
from tests.serving.server import Served, png, serving

from inkdigits.datasets.mnist import load_test

_CLIENTS = 16
_KILL_EXCUSES = 2.0  # seconds after the kill of a worker, in which its requests may fail
_BOMBS = ("pdf: 150 million times q", "png: 1.6 gigapixels", "tiff: frames without end", "jpeg: 300 scans")
_Row = tuple[float, int, int, int, int, int]


@dataclass
class Traffic:
    """What honest clients saw."""

    answered: int = 0
    failed: int = 0
    excused: int = 0
    pause: float = 0.0  # seconds between a client's requests
    killed: float = float("-inf")
    over: threading.Event = field(default_factory=threading.Event)

    def ask(self, server: Served, picture: bytes) -> None:
        """One client, until all is over."""
        while not self.over.is_set():
            began = time.monotonic()
            try:
                good = server.read(picture).status == 200
            except OSError:
                good = False
            if good:
                self.answered += 1
            elif began - self.killed < _KILL_EXCUSES or time.monotonic() - self.killed < _KILL_EXCUSES:
                self.excused += 1
            else:
                self.failed += 1
            self.over.wait(max(0.0, self.pause - (time.monotonic() - began)))


def main() -> None:
    """Run the service for the time, write its rows, and say whether it stayed as it was."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--out", type=Path, default=Path("build/serving-hour"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    traffic, rows = Traffic(), []
    with serving("--workers", 2, "--quiet") as server:
        picture = png(load_test().images[0])
        clients = [threading.Thread(target=traffic.ask, args=(server, picture)) for _ in range(_CLIENTS)]
        for client in clients:
            client.start()
        time.sleep(20)
        rate = 0.7 * traffic.answered / 20
        traffic.pause = _CLIENTS / rate
        print(
            f"highest rate {rate / 0.7:.0f} a second; asking at {rate:.0f} for {options.minutes:g} minutes", flush=True
        )
        began = time.monotonic()
        rows = _with_faults(server, traffic, began, 60 * options.minutes)
        traffic.over.set()
        for client in clients:
            client.join()
    sys.exit(0 if _evaluate(rows, traffic, options.out) else 1)


def _with_faults(server: Served, traffic: Traffic, began: float, seconds: float) -> list[_Row]:
    faults: list[Callable[[], object]] = [
        lambda: _kill_a_worker(server, traffic),
        lambda: [_send(server, BOMBS[name]()) for name in _BOMBS],
        lambda: _send(server, b"\x89PNG\r\n\x1a\n" + bytes(1000)),
        lambda: _be_slow(server),
        lambda: server.process.send_signal(signal.SIGHUP),
    ]
    rows: list[_Row] = []
    while time.monotonic() - began < seconds:
        faults[len(rows) % len(faults)]()
        time.sleep(10)
        rows.append(_row(server, traffic, time.monotonic() - began))
    return rows


def _kill_a_worker(server: Served, traffic: Traffic) -> None:
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    workers = [int(pid) for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    if workers:
        traffic.killed = time.monotonic()
        os.kill(workers[0], signal.SIGKILL)


def _send(server: Served, content: bytes) -> None:
    try:
        server.ask("POST", "/v1/read", content, {"Content-Type": "application/octet-stream"}, timeout=60)
    except OSError:
        return


def _be_slow(server: Served) -> None:
    with attacked_by(server.port, 50):
        time.sleep(5)


def _row(server: Served, traffic: Traffic, seconds: float) -> _Row:
    pids = [server.process.pid, *map(int, _children(server.process.pid))]
    files = sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in pids if Path(f"/proc/{pid}/fd").exists())
    temporary = len(list(Path(tempfile.gettempdir()).glob("inkdigits-*")))
    return seconds, tree_memory(server.process.pid), files, temporary, traffic.answered, traffic.failed


def _children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def _evaluate(rows: list[_Row], traffic: Traffic, out: Path) -> bool:
    names = ("seconds", "memory", "files", "temporary", "answered", "failed")
    with (out / "rows.csv").open("w", newline="") as file:
        csv.writer(file).writerows([names, *rows])
    _draw(rows, out)
    tenth = max(1, len(rows) // 10)
    early, late = rows[len(rows) // 6 :][:tenth], rows[-tenth:]
    columns = {name: [statistics.median(row[place] for row in part) for part in (early, late)]
               for place, name in enumerate(names)}  # fmt: skip
    growth = columns["memory"][1] / columns["memory"][0] - 1
    print(f"{traffic.answered} answered, {traffic.failed} failed, {traffic.excused} in killed workers; "
          f"memory {growth:+.1%}, descriptors {columns['files']}, temporary files {columns['temporary']}")  # fmt: skip
    flat = columns["files"][1] <= 1.1 * columns["files"][0] and columns["temporary"][1] <= columns["temporary"][0]
    return traffic.failed == 0 and growth <= 0.05 and flat


def _draw(rows: list[_Row], out: Path) -> None:
    try:
        from matplotlib import pyplot as plt
    except ImportError:
        return
    figure, (above, below) = plt.subplots(2, sharex=True)
    minutes = [row[0] / 60 for row in rows]
    above.plot(minutes, [row[1] / 2**20 for row in rows])
    above.set_ylabel("memory, MiB")
    below.plot(minutes, [row[2] for row in rows])
    below.set(ylabel="file descriptors", xlabel="minutes")
    figure.savefig(out / "hour.svg")


if __name__ == "__main__":
    main()

"""Claim: neither a file nor a connection takes the service down, or keeps it from honest clients.

Against a real `inkdigits serve` on the loopback, with its decoding processes:

    files         each bomb of tests/images/bombs.py: seconds, and the most memory that the server and its children hold
    workers       both of two workers are stopped (SIGSTOP), killed, or hang in a busy loop or a call that blocks: how
                  long until health answers again
    connections   --each hostile connections of every kind at once: how long health takes, honest requests that succeed

With --source DIR the files are sent to the `inkdigits` in that folder of another commit's sources instead, whose memory
is limited to --allow GB, since it may take all that there is.

    python benchmarks/serving_attacks.py [--each 500] [--seconds 30] [--apart] [--source DIR]
                                         [--only files,workers,connections]

Exit code 1 when the server ends, workers are not replaced within 15 seconds, health takes a second, or fewer than 95 %
of honest requests succeed.
"""

from __future__ import annotations

import argparse
import os
import resource
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.images.bombs import BOMBS, COMPRESSED, slow_pdf
from tests.serving.hanging_loops import HANGS, hanging_on_signal
from tests.serving.hostile_connections import KINDS, attacked_by
from tests.serving.process_memory import tree_memory, watched_memory
from tests.serving.server import Served, png, serving

from inkdigits.datasets.mnist import load_test

_MIB = 2**20


def main() -> None:
    """Attack, print what it reached, and say whether the service held."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--only", default="files,workers,connections")
    parser.add_argument("--apart", action="store_true", help="one kind of connection after the other")
    parser.add_argument("--source", type=Path)
    parser.add_argument("--allow", type=float, default=6.0)
    options = parser.parse_args()
    if options.source is not None:
        os.environ["PYTHONPATH"] = str(options.source)
        most = int(options.allow * 2**30)
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    held = True
    print(f"{os.cpu_count()} cores, load before: {os.getloadavg()[0]:.1f}")
    if "files" in options.only:
        held &= files()
    if "workers" in options.only:
        held &= workers()
    if "connections" in options.only:
        for kinds in [(kind,) for kind in KINDS] if options.apart else [tuple(KINDS)]:
            held &= connections(options.each, options.seconds, kinds)
    sys.exit(0 if held else 1)


def files() -> bool:
    """Send each bomb to a server; a server that ended is replaced for the next one."""
    bombs = {name: ("identity", make) for name, make in BOMBS.items()} | COMPRESSED
    bombs["pdf: slow strokes"] = ("identity", slow_pdf)
    ended = 0
    waiting = list(bombs.items())
    while waiting:
        with serving("--quiet", "--model", "reader") as server:
            while waiting and server.process.poll() is None:
                name, (encoding, make) = waiting.pop(0)
                _report(server, name, encoding, make())
            ended += server.process.poll() is not None
    print(f"{len(bombs)} files; the server ended {ended} times")
    return ended == 0


def _report(server: Served, name: str, encoding: str, content: bytes) -> None:
    before, began = tree_memory(server.process.pid), time.perf_counter()
    headers = {"Content-Type": "application/octet-stream", "Content-Encoding": encoding}
    with watched_memory(server.process.pid) as peak:
        try:
            found = str(server.ask("POST", "/v1/read", content, headers, timeout=120).status)
        except OSError as error:
            found = f"no answer ({type(error).__name__})"
    seconds = time.perf_counter() - began
    after = tree_memory(server.process.pid)
    memory = f"{before / _MIB:6.0f} MiB before, {peak.most / _MIB:6.0f} at most, {after / _MIB:6.0f} after"
    print(f"{name:40} {len(content):>10,} bytes  {seconds:6.2f} s  {memory}  {found}", flush=True)


def workers() -> bool:
    """Stop and kill the workers and have them hang, three times each."""
    longest = 0.0
    signals = {"stopped": signal.SIGSTOP, "killed": signal.SIGKILL} | dict.fromkeys(HANGS, signal.SIGUSR1)
    for name, number in [*signals.items()] * 3:
        with tempfile.TemporaryDirectory() as folder, _serving_two(Path(folder), name) as server:
            for pid in server.workers():
                os.kill(pid, number)
            began = time.perf_counter()
            while not _is_healthy(server):
                time.sleep(0.1)
            longest = max(longest, seconds := time.perf_counter() - began)
            print(f"both workers, {name}: health answers after {seconds:.1f} s", flush=True)
    return longest <= 15


def _serving_two(folder: Path, name: str) -> AbstractContextManager[Served]:
    environment = hanging_on_signal(folder, HANGS[name]) if name in HANGS else {}
    return serving("--quiet", "--model", "reader", "--workers", 2, **environment)


def _is_healthy(server: Served) -> bool:
    try:
        return server.ask("GET", "/v2/health/ready", timeout=0.5).status == 200
    except OSError:
        return False


def connections(each: int, seconds: float, kinds: tuple[str, ...]) -> bool:
    """Hold `each` connections of these kinds, and be an honest client beside them."""
    picture = png(load_test().images[0])
    with serving("--quiet", "--model", "reader", "--model", "dense") as server, attacked_by(server.port, each, kinds):
        before = tree_memory(server.process.pid)
        health, reads = _Delays(), _Delays()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            health.measure(lambda: server.ask("GET", "/v2/health/ready", timeout=30).status == 200)
            reads.measure(lambda: b'"string":"7"' in server.read(picture).body)
            time.sleep(0.05)
        after = tree_memory(server.process.pid)
    names = ", ".join(kinds)
    print(f"{each} connections of each kind ({names}): health {health}; reading {reads}; "
          f"memory {before / _MIB:.0f} MiB once they are open, {after / _MIB:.0f} at the end", flush=True)  # fmt: skip
    return max(health.seconds) < 1 and reads.failed <= 0.05 * len(reads.seconds)


@dataclass
class _Delays:
    """How long honest requests took, and how many failed."""

    seconds: list[float] = field(default_factory=list)
    failed: int = 0

    def measure(self, request: Callable[[], bool]) -> None:
        began = time.perf_counter()
        try:
            good = request()
        except OSError:
            good = False
        self.seconds.append(time.perf_counter() - began)
        self.failed += not good

    def __str__(self) -> str:
        middle, longest = 1000 * statistics.median(self.seconds), 1000 * max(self.seconds)
        return f"{middle:.0f} ms (median), {longest:.0f} ms (longest), {self.failed} of {len(self.seconds)} failed"


if __name__ == "__main__":
    main()

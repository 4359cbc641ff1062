"""Claim: neither a file nor a connection takes the service down, or keeps it from honest clients.

Against a real `inkdigits serve` on the loopback, with its decoding processes:

    files         each bomb of tests/images/bombs.py: seconds, and the most memory that the server and its children hold
    connections   --each hostile connections of every kind at once: how long health takes, honest requests that succeed

With --source DIR the files are sent to the `inkdigits` in that folder of another commit's sources instead, whose memory
is limited to --allow GB, since it may take all that there is.

    python benchmarks/serving_attacks.py [--each 500] [--seconds 30] [--only files,connections] [--source DIR]

Exit code 1 when the server ends, health takes a second, or fewer than 95 % of honest requests succeed.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.images.bombs import BOMBS, COMPRESSED, slow_pdf
from tests.serving.hostile_connections import attacked_by
from tests.serving.process_memory import tree_memory, watched_memory
from tests.serving.server import Served, png, serving

from inkdigits.datasets.mnist import load_test

_MIB = 2**20


def main() -> None:
    """Attack, print what it reached, and say whether the service held."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--only", default="files,connections")
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
    if "connections" in options.only:
        held &= connections(options.each, options.seconds)
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


def connections(each: int, seconds: float) -> bool:
    """Hold `each` connections of every kind, and be an honest client beside them."""
    picture = png(load_test().images[0])
    delays, tried, read = [], 0, 0
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with serving("--quiet") as server, attacked_by(server.port, each):
        time.sleep(3)
        before, until = tree_memory(server.process.pid), time.monotonic() + seconds
        while time.monotonic() < until:
            began = time.perf_counter()
            healthy = server.ask("GET", "/v2/health/ready", timeout=30).status == 200
            delays.append(time.perf_counter() - began if healthy else float("inf"))
            tried += 1
            try:
                read += b'"string":"7"' in server.read(picture).body
            except OSError:
                continue
            time.sleep(0.05)
        after = tree_memory(server.process.pid)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    print(f"{each} connections of every kind: health within {1000 * statistics.median(delays):.0f} ms (median), "
          f"{1000 * max(delays):.0f} ms (longest), n = {len(delays)}; {read} of {tried} honest requests succeeded; "
          f"memory {before / _MIB:.0f} MiB after 3 s, {after / _MIB:.0f} at the end")  # fmt: skip
    return max(delays) < 1 and read >= 0.95 * tried


if __name__ == "__main__":
    main()

"""Claim: from a cold shell `inkdigits reproduce` prints its table in 30 s, in 20 s with a warm compilation cache.

Whole processes, with an empty cache for compiled code at every start, and with one that is kept. Prints medians, ranges
and the largest memory; exit code 1 when a figure is missed.

    python benchmarks/startup.py [--rounds 5]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ASKED = {"empty": 30.0, "warm": 20.0}  # seconds


def main() -> None:
    """Let both take turns and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    turns: dict[str, list[tuple[float, float]]] = {kind: [] for kind in ASKED}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _reproduce(folder / "first", folder / "kept")  # fills the cache that is kept, and the disk's
        for number in range(rounds):
            turns["empty"].append(_reproduce(folder / f"empty-{number}", folder / f"cache-{number}"))
            turns["warm"].append(_reproduce(folder / f"warm-{number}", folder / "kept"))
    for kind, measured in turns.items():
        seconds, megabytes = zip(*measured, strict=True)
        print(
            f"inkdigits reproduce, compilation cache {kind}: median {statistics.median(seconds):.1f} s "
            f"({min(seconds):.1f} to {max(seconds):.1f}), {max(megabytes):.0f} MB, n = {rounds}; "
            f"asked: {ASKED[kind]:g} s"
        )
    sys.exit(any(statistics.median(s for s, _ in measured) >= ASKED[kind] for kind, measured in turns.items()))


def _reproduce(out: Path, cache: Path) -> tuple[float, float]:
    compiled = {"JAX_COMPILATION_CACHE_DIR": str(cache), "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}
    command = [sys.executable, "-m", "inkdigits", "reproduce", "--out", str(out)]
    started = time.perf_counter()
    process = subprocess.Popen(command, env={**os.environ, **compiled}, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"reproduce ended with {process.returncode}: a target was missed, or worse")
    return seconds, usage.ru_maxrss / 1024


if __name__ == "__main__":
    main()

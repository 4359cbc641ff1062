"""Claim: whatever is killed while 100,000 pictures are read, the result equals the undisturbed one, byte for byte.

First a batch is read undisturbed. Then one by processes of this machine, and one by a Ray cluster of three nodes on
this machine (the head computes nothing, the others have one core each), are disturbed: a worker that reads is
killed every few seconds; the command itself is killed when a third is done and again when two thirds are, and started
again; of Ray a whole node is killed in every one of those stretches, and another one comes. Every kill is a SIGKILL.

    python benchmarks/batch_faults.py [--pictures 100000] [--engines local ray]

It takes five minutes on 2 cores. Exit code 1 when a file of the results differs.
"""

from __future__ import annotations

import argparse
import filecmp
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tars_of_digits import write_tars

# Seconds between two killed workers.
_BETWEEN = (2.0, 5.0)
_COMMAND = (sys.executable, "-m", "inkdigits", "batch", "--json")
Pids = Callable[[], list[int]]
Kills = Counter[str]


def main() -> None:
    """Read undisturbed, read disturbed, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=100_000)
    parser.add_argument("--engines", nargs="+", choices=["local", "ray"], default=["local", "ray"])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        source = write_tars(Path(name) / "source", options.pictures)
        undisturbed, started = Path(name) / "undisturbed", time.monotonic()
        subprocess.run([*_COMMAND, source, "--out", undisturbed], check=True, stdout=subprocess.DEVNULL)
        print(f"{options.pictures:,} pictures undisturbed: {time.monotonic() - started:.0f} s", flush=True)
        disturbed = {"local": _disturbed_here, "ray": _disturbed_on_ray}
        same = [disturbed[engine](source, Path(name) / engine, undisturbed) for engine in options.engines]
    sys.exit(0 if all(same) else 1)


def _disturbed_here(source: Path, out: Path, undisturbed: Path) -> bool:
    return _disturbed([*_COMMAND, source, "--out", out], out, undisturbed, _workers_here, lambda _: None)


def _disturbed_on_ray(source: Path, out: Path, undisturbed: Path) -> bool:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    nodes = [cluster.add_node(num_cpus=1) for _ in range(2)]

    def lose_a_node(killed: Kills) -> None:
        cluster.remove_node(nodes.pop(0), allow_graceful=False)
        killed["a node"] += 1
        nodes.append(cluster.add_node(num_cpus=1))

    cluster.wait_for_nodes()
    command = [*_COMMAND, source, "--out", out, "--engine", "ray", "--address", cluster.address]
    try:
        return _disturbed(command, out, undisturbed, _workers_of_ray, lose_a_node)
    finally:
        cluster.shutdown()


def _disturbed(
    command: list[object], out: Path, undisturbed: Path, workers: Pids, lose_a_node: Callable[[Kills], None]
) -> bool:
    """Whether a batch whose workers, nodes and command are killed leaves the files of the undisturbed one."""
    parts = sorted(path.name for path in (undisturbed / "parts").iterdir())
    killed: Kills = Counter()
    started = time.monotonic()
    with _killing(workers, killed):
        for stretch in (1, 2, 3):
            running = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL)
            _wait_for(running, out, (2 * stretch - 1) * len(parts) // 6)
            lose_a_node(killed)
            if stretch < 3:
                _wait_for(running, out, stretch * len(parts) // 3)
                running.kill()
                killed["the command"] += 1
            if running.wait() not in {0, -signal.SIGKILL}:
                print(f"{out.name}: exit code {running.returncode}")
                return False
    found = sorted(path.name for path in (out / "parts").iterdir())
    _, unequal, missing = filecmp.cmpfiles(undisturbed / "parts", out / "parts", parts, shallow=False)
    same = found == parts and not unequal and not missing
    kills = ", ".join(f"{name} {count} times" for name, count in killed.items())
    print(
        f"{out.name}: killed: {kills}; {len(found)} parts, "
        f"{'each equal' if same else f'NOT equal: {unequal[:5]} {missing[:5]}'}; {time.monotonic() - started:.0f} s",
        flush=True,
    )
    return same


def _wait_for(running: subprocess.Popen[bytes], out: Path, parts: int) -> None:
    """Until so many parts are there; a command that ends before has failed."""
    while sum(1 for path in out.glob("parts/part-*")) < parts:
        if running.poll() is not None:
            sys.exit(f"the command ended with {running.returncode} before {parts} parts were there")
        time.sleep(0.05)


@contextmanager
def _killing(workers: Pids, killed: Kills) -> Iterator[None]:
    """One of the workers is killed every few seconds inside the block."""
    over = threading.Event()

    def kill() -> None:
        while not over.wait(random.uniform(*_BETWEEN)):
            if victims := workers():
                try:
                    os.kill(random.choice(victims), signal.SIGKILL)
                except ProcessLookupError:
                    continue  # it has ended by itself
                killed["a worker"] += 1

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    try:
        yield
    finally:
        over.set()
        killer.join()


def _workers_here() -> list[int]:
    """The processes of the local engine."""
    return [pid for pid, command in _commands() if b"multiprocessing.spawn" in command and b"spawn_main" in command]


def _workers_of_ray() -> list[int]:
    """The processes of Ray that read a part at the moment."""
    return [pid for pid, command in _commands() if command.startswith(b"ray::read_part")]


def _commands() -> Iterator[tuple[int, bytes]]:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield int(path.parent.name), path.read_bytes()
        except OSError:
            continue  # it has ended


if __name__ == "__main__":
    main()

"""Claim: batch reading reads 2,500 small pictures a second on 2 cores, 1.8 times what one does, in flat memory.

The pictures are MNIST's training part as 28x28 PNG, repeated in tar archives. For every number of pictures a batch is
read by one process, by all cores, and with --ray by a Ray of this machine's cores, in turn; the median of the
rounds is printed. Every batch is read from a fresh process. Rates are steady ones: from the moment when as many
parts are done as there are workers to the end of the last part, without the start. Memory is what the process that
submits the parts and its children hold, sampled four times a second: flat when the median of a run's last fifth is near
that of its second one, and that of the largest batch near that of the smallest.

    python benchmarks/batch.py [--pictures 10000 100000] [--rounds 3] [--ray] [--only-all]

A round of 100,000 pictures takes a minute on one core, half of one on two, and as long with Ray. Exit code 1 when a
figure is missed. batch_faults.py kills workers, nodes and the command.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from tars_of_digits import write_tars

from inkdigits.batch.batch_job import BatchJob, open_model
from inkdigits.batch.batch_run import run_batch
from inkdigits.batch.worker_pool import LocalWorkerPool, WorkerPool

_MIN_RATE, _MIN_GAIN, _MAX_BEHIND, _MAX_GROWTH = 2500.0, 1.8, 0.3, 1.2
_CORES = len(os.sched_getaffinity(0))


@dataclass(frozen=True)
class Measured:
    """One batch: its steady pictures a second, and the MiB that all its processes held early and late."""

    rate: float
    early: float
    late: float


def main() -> None:
    """Read, print rates, gains and memory, and say which figures are met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ray", action="store_true")
    parser.add_argument("--only-all", action="store_true", help="leave out the batches by one process")
    options = parser.parse_args()
    pools = [*([] if options.only_all else ["one"]), "all", *(["ray"] if options.ray else [])]
    met, memory = [], []
    with tempfile.TemporaryDirectory() as name:
        for count in options.pictures:
            source = write_tars(Path(name) / f"{count} pictures", count)
            rounds = [{pool: _in_a_process(source, pool, turn) for pool in pools} for turn in range(options.rounds)]
            met += _report(count, rounds)
            memory.append(_median([found["all"].late for found in rounds]))
    if len(memory) > 1:
        met.append(_is_flat("the largest batch against the smallest", memory[0], memory[-1]))
    sys.exit(0 if all(met) else 1)


def _in_a_process(source: Path, pool: str, turn: int) -> Measured:
    """`_measured` in a fresh process, which holds nothing that an earlier one has imported."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as fresh:
        return fresh.submit(_measured, source, pool, turn).result()


def _measured(source: Path, pool: str, turn: int) -> Measured:
    workers = 1 if pool == "one" else _CORES
    seen: list[tuple[float, int]] = []
    out = source.parent / f"{source.name} by {pool}, {turn}"
    with _watched() as samples:
        job = BatchJob(str(source), str(out), open_model(None))
        run_batch(job, _worker_pool(pool), lambda done, total: seen.append((time.perf_counter(), done)))
    # A call before the first part, then one after every part.
    first, last = seen[workers], seen[-1]
    steady = [mebibytes for moment, mebibytes in samples if first[0] <= moment <= last[0]]
    fifth = max(1, len(steady) // 5)
    rate = (last[1] - first[1]) / (last[0] - first[0])
    return Measured(rate, _median(steady[fifth : 2 * fifth]), _median(steady[-fifth:]))


def _worker_pool(name: str) -> AbstractContextManager[WorkerPool]:
    if name == "ray":
        from inkdigits.cluster.ray_worker_pool import RayWorkerPool

        return RayWorkerPool("local", num_cpus=_CORES)
    return LocalWorkerPool(1 if name == "one" else _CORES)


@contextmanager
def _watched() -> Iterator[list[tuple[float, float]]]:
    """What this process and all below it hold, in MiB, with the moment, four times a second inside the block."""
    samples: list[tuple[float, float]] = []
    over = threading.Event()

    def sample() -> None:
        while not over.wait(0.25):
            samples.append((time.perf_counter(), _resident(os.getpid())))

    sampling = threading.Thread(target=sample, daemon=True)
    sampling.start()
    try:
        yield samples
    finally:
        over.set()
        sampling.join()


def _resident(root: int) -> float:
    below: dict[int, list[int]] = defaultdict(list)
    pages: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            # The name before it, in brackets, may hold anything.
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
            pages[int(folder.name)] = int((folder / "statm").read_text().split()[1])
        except OSError:
            continue  # it has ended
        below[int(parent)].append(int(folder.name))
    total, waiting = 0, [root]
    while waiting:
        process = waiting.pop()
        total += pages.get(process, 0)
        waiting += below[process]
    return total * os.sysconf("SC_PAGE_SIZE") / 2**20


def _report(count: int, rounds: Sequence[dict[str, Measured]]) -> list[bool]:
    """Prints the figures of one number of pictures; returns which of them meet their targets."""
    print(f"{count:,} pictures, {len(rounds)} rounds, on {_CORES} cores")
    for pool in rounds[0]:
        rates = ", ".join(f"{found[pool].rate:,.0f}" for found in rounds)
        print(f"  {pool}: {_median([found[pool].rate for found in rounds]):,.0f} a second ({rates})")
    met = [_says("all", _median([found["all"].rate for found in rounds]), _MIN_RATE)]
    if "one" in rounds[0]:
        gain = _median([found["all"].rate / found["one"].rate for found in rounds])
        met.append(_says("all against one", gain, _MIN_GAIN))
    if "ray" in rounds[0]:
        share = _median([found["ray"].rate / found["all"].rate for found in rounds])
        met.append(_says("ray against all", share, 1 - _MAX_BEHIND))
    for pool in rounds[0]:
        early, late = (_median([getattr(found[pool], when) for found in rounds]) for when in ("early", "late"))
        met.append(_is_flat(f"{pool}, late in the run against early", early, late))
    return met


def _is_flat(what: str, early: float, late: float) -> bool:
    met = 0 < late <= _MAX_GROWTH * early
    print(f"  memory, {what}: {early:.0f} MiB, {late:.0f}: at most {_MAX_GROWTH} times: {'met' if met else 'MISSED'}")
    return met


def _says(what: str, found: float, least: float) -> bool:
    print(f"  {what}: {found:,.2f}, target at least {least:,.2f}: {'met' if found >= least else 'MISSED'}")
    return found >= least


def _median(values: Sequence[float]) -> float:
    return statistics.median(values) if values else 0.0


if __name__ == "__main__":
    main()

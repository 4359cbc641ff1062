"""Claim: batch reading reads 2,500 small pictures a second on 2 cores, 1.8 times what one does, in flat memory.

The pictures are MNIST's training part as 28x28 PNG, repeated in tar archives (so that a million of them need no million
files). For every number of pictures a batch is read by one process and by all cores; with --ray also by a Ray of this
machine's cores. Rates are steady ones: from the first finished part on, without the start of processes. Memory is what
the process that hands out parts and all its workers hold at the moment, looked at ten times a second: flat when the
median of a run's last fifth is near that of its second one, and that of the largest batch near that of the smallest.

    python benchmarks/batch.py [--pictures 10000 100000] [--ray] [--faults]

100,000 pictures take a minute on one core and half of one on two; a million ten minutes. Exit code 1 when a figure is
missed. --faults kills a worker of the batch again and again and compares the rows with the undisturbed batch's.
"""

from __future__ import annotations

import argparse
import io
import multiprocessing
import os
import random
import statistics
import sys
import tarfile
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from inkdigits.batch.crew import Crew, LocalCrew
from inkdigits.batch.job import Job, open_model
from inkdigits.batch.run import run_batch
from inkdigits.datasets.mnist import load_train

_LEAST_RATE, _LEAST_GAIN, _MOST_BEHIND, _MOST_GROWTH = 2500.0, 1.8, 0.3, 1.2


def main() -> None:
    """Read, print rates, gains and memory, and say which figures are met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--ray", action="store_true")
    parser.add_argument("--faults", action="store_true")
    options = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    met, memory = [], []
    with tempfile.TemporaryDirectory() as name:
        for count in options.pictures:
            folder = Path(name) / str(count)
            _write_tars(folder / "source", count)
            one, _ = _rate(folder, "one", LocalCrew(1))
            rate, (early, late) = _rate(folder, "all", LocalCrew(cores))
            memory.append(late)
            print(f"{count:,} pictures: 1 process {one:,.0f} a second, {cores} processes {rate:,.0f}")
            met += [_says(f"{cores} cores", rate, _LEAST_RATE), _says("gain", rate / one, _LEAST_GAIN)]
            met.append(_is_flat("late in the run against early", early, late))
            if options.ray:
                met.append(_ray(folder, rate, cores))
            if options.faults:
                met.append(_faults(folder, cores))
    if len(memory) > 1:
        met.append(_is_flat("the largest batch against the smallest", memory[0], memory[-1]))
    sys.exit(0 if all(met) else 1)


def _write_tars(folder: Path, count: int) -> None:
    from PIL import Image

    folder.mkdir(parents=True)
    contents = []
    for image in load_train().images[:10_000]:
        content = io.BytesIO()
        Image.fromarray(image).save(content, "PNG")
        contents.append(content.getvalue())
    for start in range(0, count, 100_000):
        with tarfile.open(folder / f"{start:09d}.tar", "w") as archive:
            for number in range(start, min(start + 100_000, count)):
                content = contents[number % len(contents)]
                member = tarfile.TarInfo(f"{number:09d}.png")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
                archive.members = []  # type: ignore[attr-defined]


def _rate(folder: Path, name: str, crew: AbstractContextManager[Crew]) -> tuple[float, tuple[float, float]]:
    """The steady pictures a second, and the MiB that all processes held early and late."""
    seen: list[tuple[float, int]] = []
    with _watched() as samples:
        run_batch(_job(folder, name), crew, lambda done, total: seen.append((time.perf_counter(), done)))
    # The first finished part of every worker ends the start.
    first, last = next(one for one in seen if one[1] > 0), seen[-1]
    steady = [mebibytes for moment, mebibytes in samples if first[0] <= moment <= last[0]]
    fifth = max(1, len(steady) // 5)
    early, late = statistics.median(steady[fifth : 2 * fifth] or [0.0]), statistics.median(steady[-fifth:] or [0.0])
    return (last[1] - first[1]) / (last[0] - first[0]), (early, late)


@contextmanager
def _watched() -> Iterator[list[tuple[float, float]]]:
    """What this process and all below it hold, in MiB, with the moment, ten times a second inside the block."""
    samples: list[tuple[float, float]] = []
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.1):
            samples.append((time.perf_counter(), _resident(os.getpid())))

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    try:
        yield samples
    finally:
        over.set()
        looking.join()


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


def _is_flat(what: str, early: float, late: float) -> bool:
    met = 0 < late <= _MOST_GROWTH * early
    print(f"  memory, {what}: {early:.0f} MiB, {late:.0f}: at most {_MOST_GROWTH} times: {'met' if met else 'MISSED'}")
    return met


def _job(folder: Path, name: str) -> Job:
    return Job(str(folder / "source"), str(folder / name), open_model(None))


def _ray(folder: Path, local: float, cores: int) -> bool:
    from inkdigits.cluster.batch import RayCrew

    rate, (early, late) = _rate(folder, "ray", RayCrew("local", num_cpus=cores))
    flat = _is_flat("Ray, late in the run against early", early, late)
    return _says(f"Ray, {rate:,.0f} a second, against local", rate / local, 1 - _MOST_BEHIND) and flat


def _faults(folder: Path, cores: int) -> bool:
    """Kill a random worker every few seconds; the rows must equal the undisturbed ones."""
    over = threading.Event()

    def kill() -> None:
        while not over.wait(random.uniform(2, 6)):
            if victims := multiprocessing.active_children():
                random.choice(victims).kill()

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    run_batch(_job(folder, "faults"), LocalCrew(cores))
    over.set()
    killer.join()
    parts = sorted(path.name for path in (folder / "all" / "parts").iterdir())
    same = all(_bytes(folder, "all", part) == _bytes(folder, "faults", part) for part in parts)
    print(f"workers killed all the time: {len(parts)} parts, {'all equal' if same else 'NOT equal'}")
    return same


def _bytes(folder: Path, name: str, part: str) -> Any:
    return (folder / name / "parts" / part).read_bytes()


def _says(what: str, found: float, least: float) -> bool:
    print(f"  {what}: {found:,.2f}, target at least {least:,.2f}: {'met' if found >= least else 'MISSED'}")
    return found >= least


if __name__ == "__main__":
    main()

"""Claim: batch reading reads 2,500 small pictures a second on 2 cores, 1.8 times what one does, in flat memory.

The pictures are MNIST's training part as 28x28 PNG, repeated in tar archives (so that a million of them need no million
files). For every number of pictures a batch is read by one process and by all cores; with --ray also by a Ray of this
machine's cores. Rates are steady ones: from the first finished part on, without the start of processes. Memory is the
peak of the largest worker and of the process that hands out parts.

    python benchmarks/batch.py [--pictures 100000 1000000] [--ray] [--rounds 1]

100,000 pictures take a minute on one core and half of one on two; a million ten minutes. Exit code 1 when a figure is
missed. --faults kills a worker of the batch again and again and compares the rows with the undisturbed batch's.
"""

from __future__ import annotations

import argparse
import io
import multiprocessing
import os
import random
import resource
import sys
import tarfile
import tempfile
import threading
import time
from contextlib import AbstractContextManager
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
            rate, peak = _rate(folder, "all", LocalCrew(cores))
            memory.append(peak)
            print(f"{count:,} pictures: 1 process {one:,.0f} a second, {cores} processes {rate:,.0f}, peak {peak} MiB")
            met += [_says(f"{cores} cores", rate, _LEAST_RATE), _says("gain", rate / one, _LEAST_GAIN)]
            if options.ray:
                met.append(_ray(folder, rate, cores))
            if options.faults:
                met.append(_faults(folder, cores))
    if len(memory) > 1:
        growth = memory[-1] / memory[0]
        met.append(growth < _MOST_GROWTH)
        print(f"memory of the largest batch against the smallest: {growth:.2f} times, target under {_MOST_GROWTH}")
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


def _rate(folder: Path, name: str, crew: AbstractContextManager[Crew]) -> tuple[float, int]:
    """The steady pictures a second, and the peak memory in MiB of this process and of its largest child so far."""
    seen: list[tuple[float, int]] = []
    run_batch(_job(folder, name), crew, lambda done, total: seen.append((time.perf_counter(), done)))
    # The first finished part of every worker ends the start.
    first, last = next(one for one in seen if one[1] > 0), seen[-1]
    peak = sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return (last[1] - first[1]) / (last[0] - first[0]), peak // 1024


def _job(folder: Path, name: str) -> Job:
    return Job(str(folder / "source"), str(folder / name), open_model(None))


def _ray(folder: Path, local: float, cores: int) -> bool:
    from inkdigits.cluster.batch import RayCrew

    rate, _ = _rate(folder, "ray", RayCrew("local", num_cpus=cores))
    return _says(f"Ray, {rate:,.0f} a second, against local", rate / local, 1 - _MOST_BEHIND)


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

"""Claim: a change makes nothing that people wait for slower by over 15 %.

Two commits take turns in one run on one machine, so that whatever else runs hits both; what is compared is the ratio
within a turn. Each turn is a process of its own, with the commit's source and this interpreter's packages:

    start           `inkdigits --help`, the whole process
    classify        `inkdigits classify digit.png`, the whole process
    training step   a step of 32 digits of recipe `sprint`, cnn
    small picture   `inkdigits.read` of a 28x28 array, once everything is loaded
    photo           `inkdigits.read` of a JPEG of 12 megapixels, likewise

Compared is processor time, user and system together, which other processes change less than wall time; `--measure wall`
compares wall time, and is for a machine with nothing else running.

    python benchmarks/compare_commits.py BEFORE [AFTER] [--rounds 7] [--measure cpu|wall] [--only photo]…

AFTER is by default HEAD; changes that are not committed are not measured. Prints a table of medians in milliseconds and
the median ratio with its range. What rose by over 15 % is measured once more, with three times the rounds, and then
counts. Exit code 1 on such a rise. A task that BEFORE cannot do, as with names of later commits, is not compared, and
that is said.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
HIGHEST_RATIO = 1.15
MEASURES = ("cpu", "wall")

# Reads with everything loaded: prints processor and wall seconds of a call.
_READING = """
import json, sys, time
import numpy as np
import inkdigits

source, calls = sys.argv[1], int(sys.argv[2])
picture = np.load(source) if source.endswith(".npy") else source
inkdigits.read(picture)
cpu, wall = time.process_time(), time.perf_counter()
for _ in range(calls):
    inkdigits.read(picture)
print(json.dumps({"cpu": (time.process_time() - cpu) / calls, "wall": (time.perf_counter() - wall) / calls}))
"""

# Trains for one epoch and for five; the difference is the steps of four, without what comes before and after them.
_TRAINING = """
import json, time
import inkdigits

def train(epochs):
    cpu, wall = time.process_time(), time.perf_counter()
    inkdigits.train("cnn", recipe="sprint", data="digits.npz", out=f"run-{epochs}",
                    hyperparameters={"epochs": epochs, "loss_sampling_fraction": 1.0})
    return time.process_time() - cpu, time.perf_counter() - wall

train(1)
short, long = train(2), train(6)
steps = 4 * 900 / 32
print(json.dumps({"cpu": (long[0] - short[0]) / steps, "wall": (long[1] - short[1]) / steps}))
"""


@dataclass(frozen=True)
class Task:
    """What is measured: the arguments of Python, and whether it prints its seconds or is measured as a process."""

    name: str
    arguments: tuple[str, ...]
    prints: bool


TASKS = (
    Task("start", ("-m", "inkdigits", "--help"), prints=False),
    Task("classify", ("-m", "inkdigits", "classify", "digit.png"), prints=False),
    Task("training step", ("-c", _TRAINING), prints=True),
    Task("small picture", ("-c", _READING, "digit.npy", "50"), prints=True),
    Task("photo", ("-c", _READING, "photo.jpg", "2"), prints=True),
)


def main() -> None:
    """Let both commits take turns, print the table, and say what got slower."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", help="a commit")
    parser.add_argument("after", nargs="?", default="HEAD", help="a commit")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--measure", choices=MEASURES, default=MEASURES[0])
    parser.add_argument("--only", action="append", choices=[task.name for task in TASKS], help="one of the tasks")
    arguments = parser.parse_args()
    chosen = [task for task in TASKS if not arguments.only or task.name in arguments.only]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write_inputs(folder)
        commits = (arguments.before, arguments.after)
        sources = [commit_source(commit, folder / place) for place, commit in zip("ab", commits, strict=True)]
        slower = [
            not _compare(task, sources, folder, arguments.rounds, arguments.measure)
            and not _compare(task, sources, folder, 3 * arguments.rounds, arguments.measure)
            for task in chosen
        ]
    sys.exit(1 if any(slower) else 0)


def commit_source(commit: str, folder: Path) -> Path:
    """The source of `commit`, written into `folder` and compiled."""
    folder.mkdir()
    archive = subprocess.run(["git", "archive", commit, "src"], cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive, check=True)
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(folder / "src")], check=True)
    return folder / "src"


def _write_inputs(folder: Path) -> None:
    """digit.png and digit.npy, photo.jpg of 4000 by 3000 pixels, and digits.npz with 1,000 digits to train on."""
    from PIL import Image

    from inkdigits.datasets.labelled import Splits
    from inkdigits.datasets.mnist import load_train
    from inkdigits.datasets.npz import save_npz

    digits = load_train()
    Image.fromarray(digits.images[0]).save(folder / "digit.png")
    np.save(folder / "digit.npy", digits.images[0])
    save_npz(folder / "digits.npz", Splits(digits.take(slice(0, 1000)), None))
    page = np.broadcast_to(np.linspace(235, 190, 4000), (3000, 4000)).copy()  # light falls off to the right
    for number, image in enumerate(digits.images[:24]):
        top, left = 200 + 700 * (number // 6), 200 + 620 * (number % 6)
        page[top : top + 280, left : left + 280] -= 0.7 * image.repeat(10, axis=0).repeat(10, axis=1)
    Image.fromarray(page.clip(0, 255).astype(np.uint8)).convert("RGB").save(folder / "photo.jpg", quality=90)


def _compare(task: Task, sources: Sequence[Path], folder: Path, rounds: int, measure: str) -> bool:
    """Print the row of `task`; whether it did not get slower."""
    pairs = []
    try:
        _turn(task, sources[0], folder)
    except subprocess.CalledProcessError as error:
        print(f"not compared: {task.name} fails with {error.returncode} on the commit before", flush=True)
        return True
    _turn(task, sources[1], folder)  # both have filled the disk cache now
    for number in range(rounds):
        order = (0, 1) if number % 2 else (1, 0)
        turn = {place: _turn(task, sources[place], folder)[measure] for place in order}
        pairs.append((turn[0], turn[1]))
    ratios = [after / before for before, after in pairs]
    ratio = statistics.median(ratios)
    before, after = (1e3 * statistics.median(times) for times in zip(*pairs, strict=True))
    print(
        f"{'SLOWER' if ratio > HIGHEST_RATIO else 'met   '}  {task.name:14} before {before:9.2f} ms, after "
        f"{after:9.2f} ms ({measure}), ratio {ratio:.3f} ({min(ratios):.2f} to {max(ratios):.2f}), n = {rounds}",
        flush=True,
    )
    return ratio <= HIGHEST_RATIO


def _turn(task: Task, source: Path, folder: Path) -> dict[str, float]:
    """Processor and wall seconds of one process, as it prints them or of all of it."""
    environment = {**os.environ, "PYTHONPATH": str(source), "JAX_PLATFORMS": "cpu"}
    with tempfile.TemporaryDirectory(dir=folder) as here:
        for file in folder.glob("*.*"):
            (Path(here) / file.name).symlink_to(file)
        started = time.perf_counter()
        command = [sys.executable, *task.arguments]
        process = subprocess.Popen(command, cwd=here, env=environment, stdout=subprocess.PIPE)
        assert process.stdout is not None
        printed = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    if task.prints:
        answer: dict[str, float] = json.loads(printed.splitlines()[-1])
        return answer
    return {"cpu": usage.ru_utime + usage.ru_stime, "wall": wall}


if __name__ == "__main__":
    main()

"""Claim: training and evaluating take time in proportion to the pictures, and memory that hardly grows.

Pictures are MNIST's training digits, each shifted by up to two pixels, in three forms: a folder of PNG files, a Parquet
file of lists, and .npy files. Each command runs in a process of its own. Memory is the highest sum of private pages of
the process and its children, seen every 50 ms; pages of a mapped file are not in it, since the system drops them when
memory is short. Processor time is that of user and system, of the process and its children.

    python benchmarks/scale.py [--sizes 1000 10000 ...] [--forms folder parquet npy] [--out build/scale]
    python benchmarks/scale.py --larger-than-memory     # 10 GB of pictures under a limit of 2 GB
    python benchmarks/scale.py --draw ROWS              # slopes and plot of rows that were kept

`--larger-than-memory` limits private memory (RLIMIT_DATA). Exit code 1 when a command fails. The pictures are removed
after each size; 13 million of them take 10 GB, and a training a copy of them.
"""

from __future__ import annotations

import argparse
import csv
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.serving.process_memory import process_tree

from inkdigits.datasets.mnist import load_train

_SIZES = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
_MAX_PICTURES = {"folder": 100_000}  # pictures: a file system's million small files measure the file system
_MAX_BATCH = 10_000  # batch.py goes on from there
_LARGE = 12_800_000  # pictures of 784 bytes: 10.04 GB
_LIMIT = 2 * 10**9  # bytes
_PART = 2**14
_COLUMNS = ("task", "form", "n", "wall_s", "cpu_s", "private_mib", "limit_mib", "load")
_TRAIN = (
    "train",
    "dense",
    "--recipe",
    "brisk",
    "--set",
    "engine=numpy",
    "--set",
    "epochs=1",
    "--set",
    "batch_size=1024",
)
_STYLES = {"train": "o-", "evaluate": "s--", "batch": "^:"}
Row = dict[str, str | float]


def main() -> None:
    """Measure, or draw what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=_SIZES)
    parser.add_argument("--forms", nargs="+", default=("folder", "parquet", "npy"))
    parser.add_argument("--out", type=Path, default=Path("build/scale"))
    parser.add_argument("--larger-than-memory", action="store_true")
    parser.add_argument("--draw", type=Path, help="only draw the rows of this file")
    options = parser.parse_args()
    rows = options.draw or options.out / "rows.csv"
    if options.draw is None:
        options.out.mkdir(parents=True, exist_ok=True)
        sizes, limit = ((_LARGE,), _LIMIT) if options.larger_than_memory else (options.sizes, None)
        for n in sizes:
            for form in options.forms:
                if n <= _MAX_PICTURES.get(form, n):
                    _measure_size(n, form, options.out, rows, limit)
    _draw(rows, rows.with_suffix(".svg"))


def _measure_size(n: int, form: str, out: Path, rows: Path, limit: int | None) -> None:
    data, run = out / f"{form}-{n}", out / f"run-{form}-{n}"
    for path in (data, run, out / "batch"):
        shutil.rmtree(path, ignore_errors=True)
    data.mkdir()
    try:
        _WRITERS[form](data, n)
        _measure("train", form, n, (*_TRAIN, "--data", str(data), "--out", str(run)), rows, limit)
        _measure("evaluate", form, n, ("evaluate", str(run), "--data", str(data)), rows, limit)
        if form == "folder" and n <= _MAX_BATCH:
            _measure("batch", form, n, ("batch", str(data), "--out", str(out / "batch")), rows, limit)
    finally:
        for path in (data, run, out / "batch"):
            shutil.rmtree(path, ignore_errors=True)


def _digits(n: int) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    """`n` shifted digits and their labels, in parts."""
    digits, rng = load_train(), np.random.default_rng(0)
    for start in range(0, n, _PART):
        rows = rng.integers(len(digits), size=min(_PART, n - start))
        images, shifts = digits.images[rows], rng.integers(-2, 3, (len(rows), 2))
        for down in range(-2, 3):
            for right in range(-2, 3):
                chosen = (shifts == (down, right)).all(axis=1)
                images[chosen] = np.roll(images[chosen], (down, right), (1, 2))
        yield images, digits.labels[rows].astype(np.uint8)


def _write_npy(folder: Path, n: int) -> None:
    images = np.lib.format.open_memmap(folder / "x.npy", "w+", np.uint8, (n, 28, 28))
    labels, start = np.empty(n, np.uint8), 0
    for part, values in _digits(n):
        images[start : start + len(part)], labels[start : start + len(part)] = part, values
        start += len(part)
    images.flush()
    np.save(folder / "y.npy", labels)


def _write_parquet(folder: Path, n: int) -> None:
    import pyarrow
    from pyarrow import parquet

    kind = pyarrow.list_(pyarrow.uint8(), 784)
    schema = pyarrow.schema([("image", kind), ("label", pyarrow.uint8())])
    with parquet.ParquetWriter(folder / "train.parquet", schema) as file:
        for images, labels in _digits(n):
            pictures = pyarrow.FixedSizeListArray.from_arrays(pyarrow.array(images.reshape(-1)), type=kind)
            file.write_table(pyarrow.table([pictures, pyarrow.array(labels)], schema=schema))


def _write_folder(folder: Path, n: int) -> None:
    from inkdigits.images.png import encode_png

    for label in range(10):
        (folder / str(label)).mkdir()
    number = 0
    for images, labels in _digits(n):
        for image, label in zip(images, labels, strict=True):
            (folder / str(label) / f"{number:08d}.png").write_bytes(encode_png(image))
            number += 1


_WRITERS = {"folder": _write_folder, "parquet": _write_parquet, "npy": _write_npy}


def _measure(task: str, form: str, n: int, arguments: Sequence[str], rows: Path, limit: int | None) -> None:
    """Run one command of inkdigits and append what it took to `rows`."""

    command = [sys.executable, "-m", "inkdigits", *arguments]
    if limit is not None:
        command = ["sh", "-c", f'ulimit -d {limit >> 10} && exec "$@"', "sh", *command]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    process = subprocess.Popen(command, stdout=sys.stderr)
    private = 0
    while process.poll() is None:
        private = max(private, sum(map(_private, process_tree(process.pid))))
        time.sleep(0.05)
    wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if process.returncode:
        sys.exit(f"{' '.join(arguments)}: exit code {process.returncode}")
    _append(
        rows,
        {
            "task": task, "form": form, "n": n, "wall_s": round(wall, 2), "cpu_s": round(cpu, 2),
            "private_mib": round(private / 2**20, 1), "limit_mib": "" if limit is None else round(limit / 2**20),
            "load": round(os.getloadavg()[0], 1),
        },
    )  # fmt: skip


def _append(path: Path, row: Row) -> None:
    print(row, flush=True)
    new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, _COLUMNS, lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow(row)


def _private(pid: int) -> int:
    """Resident bytes of a process that no file backs."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:  # it has ended
        return 0
    return 1024 * sum(int(line.split()[1]) for line in lines if line.startswith(("RssAnon:", "RssShmem:")))


def _draw(rows: Path, plot: Path) -> None:
    """Print the slopes between the two largest sizes of each task and form, and draw time and memory."""
    from matplotlib import pyplot as plt

    with rows.open(newline="") as file:
        found = list(csv.DictReader(file))
    figure, places = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
    for task, form in dict.fromkeys((row["task"], row["form"]) for row in found):
        chosen = sorted((row for row in found if (row["task"], row["form"]) == (task, form)), key=_pictures)
        n = np.array([_pictures(row) for row in chosen])
        for place, column in zip(places, ("cpu_s", "private_mib"), strict=True):
            values = np.array([float(row[column]) for row in chosen])
            place.loglog(n, values, _STYLES[task], label=f"{task}, {form}", markersize=4)
            if len(n) > 1:
                each = (values[-1] - values[-2]) / (n[-1] - n[-2])
                power = np.log(values[-1] / values[-2]) / np.log(n[-1] / n[-2])
                unit = f"{1e6 * each:.1f} µs" if column == "cpu_s" else f"{2**20 * each:.0f} bytes"
                print(f"{task}, {form}, {column}: {unit} a picture, power {power:.2f}, from {n[-2]:,} to {n[-1]:,}")
    places[0].set(xlabel="pictures", ylabel="processor time, s")
    places[1].set(xlabel="pictures", ylabel="private memory, MiB")
    sizes = np.array(sorted({_pictures(row) for row in found}))
    (line,) = places[1].loglog(sizes, sizes * 784 / 2**20, color="grey", linewidth=0.6, label="the pictures themselves")
    places[1].set_ylim(50, 5000)
    places[1].legend(handles=[line], fontsize="small", loc="lower right")
    places[0].legend(fontsize="small")
    figure.savefig(plot)


def _pictures(row: dict[str, str]) -> int:
    return int(row["n"])


if __name__ == "__main__":
    main()

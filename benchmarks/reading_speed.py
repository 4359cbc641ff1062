"""Claim: a 12-megapixel photo of a sheet is read in under 0.5 s, a 28x28 picture in under 2 ms, cold in under 0.8 s.

The photo is synthetic (4000 x 3000, five rows of digits on ruled paper, JPEG) and read from its file, with decoding, in
a warm process; the 28x28 picture is read as an array. Cold is a whole process of `inkdigits read one.png`. Medians,
after a first reading that is not timed.

    python benchmarks/reading_speed.py [--rounds 9] [--model MODEL]

Exit code 1 when a figure is missed.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from inkdigits.datasets.mnist import load_train
from inkdigits.reading.annotation import write_png
from inkdigits.reading.reader import Reader

_MAX_SECONDS = {"12-megapixel photo of a sheet": 0.5, "28x28 picture": 0.002, "inkdigits read one.png, cold": 0.8}


def main() -> None:
    """Time all three and compare the medians with their bounds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--model")
    options = parser.parse_args()
    reader = Reader.load(options.model)
    digit = load_train().images[0]
    with tempfile.TemporaryDirectory() as folder:
        photo, small = Path(folder) / "page.jpg", Path(folder) / "one.png"
        _write_page(photo)
        write_png(small, np.repeat(digit[:, :, None], 3, axis=2))
        command = [sys.executable, "-m", "inkdigits", "read", str(small)]
        command += ["--model", options.model] if options.model else []
        actions: list[Callable[[], object]] = [
            lambda: reader.read(photo),
            lambda: reader.read(digit),
            lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL),
        ]
        found = [_seconds(action, options.rounds) for action in actions]
    met = []
    for (name, bound), seconds in zip(_MAX_SECONDS.items(), found, strict=True):
        median = statistics.median(seconds)
        met.append(median < bound)
        print(
            f"{name}: median {1000 * median:.1f} ms (n = {len(seconds)}, {1000 * min(seconds):.1f} to "
            f"{1000 * max(seconds):.1f}), target under {1000 * bound:.0f} ms: {'met' if met[-1] else 'MISSED'}"
        )
    sys.exit(0 if all(met) else 1)


def _write_page(path: Path) -> None:
    """Five rows of MNIST digits, enlarged, on ruled paper in uneven light, as a JPEG of 12 megapixels."""
    from PIL import Image

    rng = np.random.default_rng(0)
    page = np.full((3000, 4000), 230, np.float32)
    page[200::120] -= 50
    for row in range(5):
        for column in range(9):
            digit = Image.fromarray(load_train().images[9 * row + column]).resize((220, 220), Image.Resampling.BICUBIC)
            top, left = 300 + 480 * row, 300 + 380 * column
            page[top : top + 220, left : left + 220] *= 1 - 0.8 * np.asarray(digit, np.float32) / 255
    light = np.linspace(1.0, 0.7, 4000, dtype=np.float32)
    photo = np.clip(page * light + rng.normal(0, 3, page.shape), 0, 255).astype(np.uint8)
    Image.fromarray(np.repeat(photo[:, :, None], 3, axis=2)).save(path, quality=90)


def _seconds(action: Callable[[], object], rounds: int) -> list[float]:
    action()
    taken = []
    for _ in range(rounds):
        started = time.perf_counter()
        action()
        taken.append(time.perf_counter() - started)
    return taken


if __name__ == "__main__":
    main()

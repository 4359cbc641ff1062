"""Claim: what people wait for every day stays within its bound, from loading MNIST to a report of 10,000 pictures.

Each is done `--rounds` times, commands as whole processes. Prints medians and ranges; exit code 1 when a median exceeds
its bound. The bounds are far above what an idle machine needs.

    python benchmarks/everyday.py [--rounds 5]
"""

from __future__ import annotations

import argparse
import io
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

LOAD = "import time, inkdigits; t = time.perf_counter(); inkdigits.load_data(); print(time.perf_counter() - t)"


def main() -> None:
    """Time everything in turns and compare it with its bound."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        runs = [Path(folder, name) for name in ("one", "other")]
        for seed, run in enumerate(runs):
            _command("train", "dense", "--recipe", "sprint", "--seed", seed, "--out", run)
            _command("evaluate", run)
        timed: dict[str, tuple[float, Callable[[], float]]] = {
            "load_data()": (0.5, _load_data),
            "evaluate a run on 10,000 pictures, report included": (10.0, lambda: _command("evaluate", runs[0])),
            "compare two runs from their kept predictions": (2.0, lambda: _command("compare", *runs)),
            "robustness of cnn, 20 pictures a condition": (60.0, lambda: _command("robustness", "cnn", "--sample", 20)),
            "export a run, compared with Keras": (15.0, lambda: _command("export", runs[0], "--out", _fresh(folder))),
            "read a picture of 50 megapixels": (10.0, _read_large()),
            "draw 1,500 non-digits to train with": (1.5, _draw_nondigits()),
        }
        met = [_report(name, bound, [action() for _ in range(rounds)]) for name, (bound, action) in timed.items()]
    sys.exit(0 if all(met) else 1)


def _report(name: str, bound: float, seconds: list[float]) -> bool:
    median = statistics.median(seconds)
    spread = f"{min(seconds):.2f} to {max(seconds):.2f}"
    print(f"{name}: median {median:.2f} s ({spread}), n = {len(seconds)}; bound {bound:g} s")
    return median <= bound


def _command(*arguments: object) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "inkdigits", *map(str, arguments)], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def _fresh(folder: str) -> Path:
    return Path(folder, f"{time.monotonic_ns()}.onnx")


def _timed(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def _load_data() -> float:
    return float(subprocess.run([sys.executable, "-c", LOAD], capture_output=True, text=True, check=True).stdout)


def _read_large() -> Callable[[], float]:
    from PIL import Image

    import inkdigits

    (_, _), (digits, _) = inkdigits.load_data()
    page = 255 - np.pad(np.hstack(digits[:3]), 28)
    content = io.BytesIO()
    Image.fromarray(page).resize((10_250, 4_880)).save(content, "JPEG")
    reader = inkdigits.Reader.load()
    return lambda: _timed(lambda: reader.read(content.getvalue()))


def _draw_nondigits() -> Callable[[], float]:
    from inkdigits.synthesis.nondigits import training_nondigits

    training_nondigits(np.random.default_rng(0), 30)  # loads MNIST and the glyphs
    return lambda: _timed(lambda: training_nondigits(np.random.default_rng(1), 1500))


if __name__ == "__main__":
    main()

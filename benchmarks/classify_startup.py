"""Claim: from a cold shell, `inkdigits classify digit.png` answers in under 0.6 s and 150 MB, 5 times as fast as Keras.

Whole processes, from their start to their end, on one 28x28 file: the command with the shipped `cnn`, and a script that
does the same with a `.keras` file of the same network and stock Keras, on the backend that KERAS_BACKEND names. They
take turns; the first turn, which fills the disk cache, does not count. Memory is the largest resident set.

    python benchmarks/classify_startup.py [--rounds 9]

Exit code 1 when a figure is missed.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from inkdigits.system.cores import usable_cores
from inkdigits.training.backend import choose_backend

_WITH_KERAS = """
import sys
import numpy as np
from PIL import Image
import keras

model = keras.saving.load_model(sys.argv[1])
image = np.asarray(Image.open(sys.argv[2]), np.float32)[None, :, :, None] / 255
print(model.predict(image, verbose=0)[0].argmax())
"""


_INPUTS = """
from PIL import Image
from inkdigits.datasets.mnist import load_train
from inkdigits.networks.cnn import build

Image.fromarray(load_train().images[0]).save("digit.png")
build((28, 28, 1)).save("model.keras")
"""


@dataclass(frozen=True)
class Turn:
    """One process: its wall time and its largest resident set."""

    seconds: float
    megabytes: float


def main() -> None:
    """Let both take turns, print medians and spreads, and say which figures are met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    backend = choose_backend()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write_inputs(folder, backend)
        commands = {
            "inkdigits classify": [sys.executable, "-m", "inkdigits", "classify", "digit.png"],
            f"Keras on {backend}": [sys.executable, "-c", _WITH_KERAS, "model.keras", "digit.png"],
        }
        turns: dict[str, list[Turn]] = {what: [] for what in commands}
        for number in range(rounds + 1):
            for what, command in commands.items():
                turn = _turn(command, folder, {**os.environ, "KERAS_BACKEND": backend})
                turns[what] += [turn] if number else []
    _print(*turns.items())


def _write_inputs(folder: Path, backend: str) -> None:
    # In a process of its own: a child's memory is at least what its parent had when it was forked.
    environment = {**os.environ, "KERAS_BACKEND": backend}
    subprocess.run([sys.executable, "-c", _INPUTS], cwd=folder, env=environment, check=True)


def _turn(command: list[str], folder: Path, environment: dict[str, str]) -> Turn:
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command[:4]} failed with {process.returncode}")
    kilobytes = usage.ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    return Turn(seconds, kilobytes / 1000)


def _print(ours: tuple[str, list[Turn]], peer: tuple[str, list[Turn]]) -> None:
    print(f"{usable_cores()} cores, n = {len(ours[1])} processes each")
    for what, turns in (ours, peer):
        seconds = [turn.seconds for turn in turns]
        print(
            f"{what}: median {statistics.median(seconds):.2f} s ({min(seconds):.2f} to {max(seconds):.2f}), "
            f"{max(turn.megabytes for turn in turns):.0f} MB"
        )
    middle, theirs = (statistics.median(turn.seconds for turn in turns) for _, turns in (ours, peer))
    checks = [
        ("under 0.6 s", f"{middle:.2f} s", middle < 0.6),
        (
            "under 150 MB",
            f"{max(turn.megabytes for turn in ours[1]):.0f} MB",
            max(turn.megabytes for turn in ours[1]) < 150,
        ),
        (f"at least 5 times as fast as {peer[0]}", f"{theirs / middle:.1f} times", theirs / middle >= 5),
    ]
    for figure, found, met in checks:
        print(f"{'met   ' if met else 'MISSED'}  {figure}: {found}")
    sys.exit(0 if all(met for *_, met in checks) else 1)


if __name__ == "__main__":
    main()

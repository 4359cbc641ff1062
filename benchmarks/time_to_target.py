"""Claim: recipe `sprint` reaches the exercise's targets many times faster than stock Keras and plain PyTorch.

Whole processes from a cold shell, taking turns: `inkdigits train NETWORK --recipe sprint`, until it has ended with its
run and model file written; and the exercise's network by stock Keras `fit` on each backend, by plain PyTorch and by
scikit-learn (peers/), until the end of the first epoch after which the test accuracy is over the target, without the
time that evaluating took. A peer's import and compilation count, as ours do. The compilation cache is empty at every
start, or with --warm kept from the round before.

    python benchmarks/time_to_target.py cnn [--rounds 5] [--warm] [--leave-out rmsprop]… [--keep FILE]

`--leave-out` leaves out the peers whose names contain a text. TensorFlow and torch run in .venv-tensorflow and
.venv-torch. Prints medians, ranges, the ratios to ours, steps against the roofline (the arithmetic of a step over the
matrix-product rate of the same run), and memory. Exit code 1 when a figure of the issue is missed.
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
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from inkdigits.datasets import mnist
from inkdigits.experiments.reproduce import TARGETS

ROOT = Path(__file__).parent.parent
PEERS = ROOT / "benchmarks" / "peers"
PYTHON = {name: ROOT / folder / "bin" / "python" for name, folder in (
    ("jax", ".venv"), ("tensorflow", ".venv-tensorflow"), ("torch", ".venv-torch"),
)}  # fmt: skip
# Multiply-adds of a picture forward, twice; backward the same for the weights, and for the inputs of all but the first.
MFLOP = {"cnn": 27.9, "dense": 3.21}
BATCH_SIZE = 128
ASKED = {"cnn": {"Keras": 6, "plain torch": 3}, "dense": {"Keras": 4}}


@dataclass
class Arm:
    """What takes turns: a command, and what its turns gave."""

    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    turns: list[dict[str, Any]] = field(default_factory=list)


def main() -> None:
    """Let everybody take turns and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", choices=TARGETS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--warm", action="store_true")
    parser.add_argument("--leave-out", action="append", default=[], metavar="TEXT")
    parser.add_argument("--keep", type=Path)
    arguments = parser.parse_args()
    arms, products = _arms(arguments.network, arguments.leave_out), []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write_mnist(folder / "mnist.npz")
        for number in range(arguments.rounds):
            products.append(_product_rate())
            for arm in arms:
                cache = folder / ("cache" if arguments.warm else f"cache-{number}-{arms.index(arm)}")
                arm.turns.append(_turn(arm, folder, cache, number))
                print(f"round {number + 1}: {arm.name}: {_described(arm.turns[-1])}", file=sys.stderr, flush=True)
    met = _print(arguments.network, arms, products, arguments.warm)
    if arguments.keep:
        arguments.keep.write_text(json.dumps({"products": products, **{arm.name: arm.turns for arm in arms}}))
    sys.exit(0 if met else 1)


def _arms(network: str, left_out: list[str]) -> list[Arm]:
    target = str(TARGETS[network].accuracy)
    arms = [Arm("inkdigits sprint", [str(PYTHON["jax"]), "-m", "inkdigits", "train", network, "--recipe", "sprint"])]
    for backend, python in PYTHON.items():
        for optimizer in ("adam", "rmsprop"):
            command = [str(python), str(PEERS / "keras_fit.py"), network, optimizer, "mnist.npz", target]
            arms.append(Arm(f"Keras on {backend}, {optimizer}", command, {"KERAS_BACKEND": backend}))
    for form in ("loader", "preloaded"):
        command = [str(PYTHON["torch"]), str(PEERS / "plain_torch.py"), network, form, "mnist.npz", target]
        arms.append(Arm(f"plain torch, {form}", command))
    if network == "dense":
        command = [str(PYTHON["jax"]), str(PEERS / "scikit_mlp.py"), network, "adam", "mnist.npz", target]
        arms.append(Arm("scikit-learn's MLP", command))
    return [arm for arm in arms if not any(text in arm.name for text in left_out)]


def _write_mnist(path: Path) -> None:
    (x_train, y_train), (x_test, y_test) = mnist.load_data()
    np.savez(path, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)


def _product_rate() -> float:
    """GFLOP/s of a matrix product in float32, the median of 9."""
    matrix = np.random.default_rng(0).random((2000, 2000), np.float32)
    times = []
    for _ in range(9):
        started = time.perf_counter()
        matrix @ matrix
        times.append(time.perf_counter() - started)
    return 2 * 2000**3 / statistics.median(times) / 1e9


def _turn(arm: Arm, folder: Path, cache: Path, number: int) -> dict[str, Any]:
    compiled = {"JAX_COMPILATION_CACHE_DIR": str(cache), "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}
    environment = {**os.environ, **compiled, "TF_CPP_MIN_LOG_LEVEL": "3", **arm.environment}
    run = folder / f"run-{number}"
    ours = arm.name.startswith("inkdigits")
    started = time.time()
    command = [*arm.command, *(["--out", str(run), "--seed", str(number), "--json"] if ours else [str(started)])]
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE)
    assert process.stdout is not None
    answer = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.time() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{arm.name} failed with {process.returncode}")
    megabytes = usage.ru_maxrss / 1024
    if not ours:
        return {**json.loads(answer), "megabytes": megabytes}
    return {**_evaluated(run, json.loads(answer), environment), "seconds": seconds, "megabytes": megabytes}


def _evaluated(run: Path, result: dict[str, Any], environment: dict[str, str]) -> dict[str, Any]:
    command = [str(PYTHON["jax"]), "-m", "inkdigits", "evaluate", str(run), "--json"]
    done = subprocess.run(command, env=environment, capture_output=True, check=True)
    accuracy = json.loads(done.stdout)["accuracy"]
    target = TARGETS[result["network"]].accuracy
    return {"accuracy": accuracy, "epochs": result["epochs"], "reached": accuracy > target, "phases": result["seconds"]}


def _described(turn: dict[str, Any]) -> str:
    reached = "" if turn["reached"] else ", TARGET MISSED"
    return f"{turn['seconds']:.1f} s, {turn['epochs']} epochs, {100 * turn['accuracy']:.2f} %{reached}"


def _print(network: str, arms: list[Arm], products: list[float], warm: bool) -> bool:
    roof = BATCH_SIZE * MFLOP[network] / statistics.median(products) / 1e3
    print(f"{network} to {100 * TARGETS[network].accuracy:g} % on MNIST's test set, {len(products)} rounds, "
          f"compilation cache {'warm' if warm else 'empty'}")  # fmt: skip
    print(f"matrix product {statistics.median(products):.0f} GFLOP/s ({min(products):.0f} to {max(products):.0f}); "
          f"the arithmetic of a step of {BATCH_SIZE} takes {1e3 * roof:.1f} ms")  # fmt: skip
    print(f"{'':28}{'seconds':>9}{'range':>16}{'times ours':>12}{'epochs':>8}{'step/roof':>11}{'MB':>7}")
    ours = _seconds(arms[0])
    for arm in arms:
        times = [mine["seconds"] / our["seconds"] for mine, our in zip(arm.turns, arms[0].turns, strict=True)]
        step = [turn["step"] / roof for turn in arm.turns if "step" in turn]
        print(
            f"{arm.name:28}{_seconds(arm):9.1f}{_range([turn['seconds'] for turn in arm.turns]):>16}"
            f"{statistics.median(times):12.1f}{statistics.median(turn['epochs'] for turn in arm.turns):8.1f}"
            f"{f'{statistics.median(step):.1f}' if step else '':>11}"
            f"{statistics.median(turn['megabytes'] for turn in arm.turns):7.0f}"
            + ("" if all(turn["reached"] for turn in arm.turns) else "  target missed")
        )
    met = all(turn["reached"] for turn in arms[0].turns)
    for kind, asked in ASKED[network].items():
        fastest = min((arm for arm in arms if arm.name.startswith(kind)), key=_seconds)
        ratio = _seconds(fastest) / ours
        print(f"{ratio:.1f} times as fast as {fastest.name}, the fastest {kind} (asked: {asked})")
        met = met and ratio >= asked
    return met


def _seconds(arm: Arm) -> float:
    return statistics.median(turn["seconds"] for turn in arm.turns)


def _range(values: list[float]) -> str:
    return f"{min(values):.1f} to {max(values):.1f}"


if __name__ == "__main__":
    main()

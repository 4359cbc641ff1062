"""Claim: a model file classifies as fast as ONNX Runtime can, and faster than stock Keras.

On MNIST's first 10,000 training pictures, from uint8 arrays, with the shipped `cnn` (9.59 million floating-point
operations a picture: two a multiplication and addition). Four kinds take turns in one run on the same machine, so
that whatever else runs hits all of them: `Predictor.predict_proba`; a bare ONNX Runtime session on the same graph in
the same batches; a single-precision matrix product in NumPy; and stock Keras `model.predict` on every backend, from
uint8 arrays too, each in a process of its own that waits while it is not asked.

    python benchmarks/inference.py [--keras tensorflow=PYTHON] [--keras torch=PYTHON]

Without --keras, this interpreter's own backends are measured. Exit code 1 when a figure is missed.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import numpy as np

from inkdigits.datasets.mnist import load_train
from inkdigits.modelfile.predictor import Predictor, model_path
from inkdigits.system.cores import usable_cores
from inkdigits.training.backend import installed_backends

PICTURES = 10_000
FLOP_PER_PICTURE = 2 * (24 * 24 * 32 * 25 + 8 * 8 * 64 * 25 * 32 + 1024 * 1024 + 1024 * 10)
SIDE = 1536  # of the matrices
BATCH_SIZES = (32, 250)  # Keras's default, and a large one


def main() -> None:
    """Measure everything, print the table and the ratios, and say which figures are met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--keras", action="append", metavar="BACKEND=PYTHON", help="an interpreter that has it")
    parser.add_argument("--answer", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.answer:
        _answer()
        return
    peers = dict(peer.split("=", 1) for peer in arguments.keras or _own_peers())
    with ExitStack() as stack:
        contestants = _ours()
        for name, python in peers.items():
            ask = stack.enter_context(_keras(name, python))
            contestants |= {_called(name, size): partial(ask, size) for size in BATCH_SIZES}
        seconds = _take_turns(contestants, arguments.rounds)
    _print(seconds, list(peers), arguments.rounds)


def _own_peers() -> list[str]:
    return [f"{backend}={sys.executable}" for backend in installed_backends()]


def _called(backend: str, batch_size: int) -> str:
    return f"Keras on {backend}, batches of {batch_size}"


def _ours() -> dict[str, Callable[[], float]]:
    import onnxruntime

    images = load_train().images[:PICTURES]
    predictor = Predictor.load("cnn")
    session = onnxruntime.InferenceSession(model_path("cnn"), providers=["CPUExecutionProvider"])
    size = predictor.batch_size
    batches = [np.ascontiguousarray(images[i : i + size]) for i in range(0, PICTURES, size)]
    left, right = np.random.default_rng(0).normal(size=(2, SIDE, SIDE)).astype(np.float32)
    return {
        "Predictor": lambda: _seconds(lambda: predictor.predict_proba(images)),
        "bare session": lambda: _seconds(
            lambda: [session.run(["probabilities"], {"images": batch}) for batch in batches]
        ),
        "matrix product": lambda: _seconds(lambda: left @ right),
    }


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _take_turns(contestants: dict[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Seconds by contestant; the first turn, in which some compile, does not count."""
    turns = [{name: ask() for name, ask in contestants.items()} for _ in range(rounds + 1)]
    return {name: [turn[name] for turn in turns[1:]] for name in contestants}


@contextmanager
def _keras(backend: str, python: str) -> Iterator[Callable[[int], float]]:
    """A process with Keras on `backend` that is asked with a batch size and answers with seconds."""
    environment = {
        **os.environ,
        "KERAS_BACKEND": backend,
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONPATH": str(Path(__file__).parents[1] / "src"),
    }
    with subprocess.Popen(
        [python, __file__, "--answer"], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        questions, answers = process.stdin, process.stdout

        def ask(batch_size: int) -> float:
            print(batch_size, file=questions, flush=True)
            return float(answers.readline())

        yield ask
        questions.close()


def _answer() -> None:
    """Be that process."""
    from inkdigits.networks.cnn import build
    from inkdigits.networks.inputs import to_inputs

    images = load_train().images[:PICTURES]
    model = build((28, 28, 1))
    for line in sys.stdin:
        size = int(line)
        started = time.perf_counter()
        model.predict(to_inputs(images, channels_first=False), batch_size=size, verbose=0)
        print(time.perf_counter() - started, flush=True)


def _print(seconds: dict[str, list[float]], backends: list[str], rounds: int) -> None:
    print(f"{platform.machine()}, {usable_cores()} cores, n = {rounds} rounds of {PICTURES:,} pictures")
    products = seconds.pop("matrix product")
    middle = {name: statistics.median(times) for name, times in seconds.items()}
    for name, times in seconds.items():
        spread = f"{_each(min(times)):.1f} to {_each(max(times)):.1f}"
        print(f"{name}: median {_each(middle[name]):.1f} us a picture ({spread})")
    rates = [2 * SIDE**3 / product / 1e9 for product in products]
    print(f"matrix product: median {statistics.median(rates):.0f} GFLOP/s ({min(rates):.0f} to {max(rates):.0f})")
    ours = middle["Predictor"]
    rate = PICTURES * FLOP_PER_PICTURE / ours / 1e9
    met = [
        _check("the bare session", middle["bare session"] / ours, 0.95),
        _check("the matrix product's rate", rate / statistics.median(rates), 0.70),
    ]
    for backend in backends:
        name = _called(backend, BATCH_SIZES[0])  # `predict` as it is called without options
        met.append(_check(name, middle[name] / ours, 1.0 if backend == "jax" else 3.0))
    sys.exit(0 if all(met) else 1)


def _each(seconds: float) -> float:
    """Microseconds a picture."""
    return 1e6 * seconds / PICTURES


def _check(peer: str, ratio: float, least: float) -> bool:
    print(f"{'met   ' if ratio >= least else 'MISSED'}  {ratio:.2f} times {peer} (at least {least:g})")
    return ratio >= least


if __name__ == "__main__":
    main()

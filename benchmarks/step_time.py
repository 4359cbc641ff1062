"""Claim: a step of the exercise's cnn takes at most twice what its arithmetic needs, on JAX at most three times.

Steps of 128 pictures in one process, in turns, after one turn that does not count: the NumPy engine (recipe `sprint`'s
optimizers included), inkdigits' loop on JAX, and stock Keras on JAX (its own max pooling). The roofline is the step's
arithmetic, 27.9 MFLOP a picture, over the rate of a float32 matrix product in NumPy in the same turn.

    python benchmarks/step_time.py [--rounds 7]

Prints medians and ranges; exit code 1 when a figure is missed.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np

from inkdigits.datasets.mnist import load_train
from inkdigits.networks.inputs import one_hot, to_inputs
from inkdigits.training.backend import Backend, start_keras
from inkdigits.training.recipes import named_recipe

BATCH_SIZE, STEPS = 128, 20
FLOP = 27.9e6 * BATCH_SIZE
ASKED = {"NumPy engine": 2.0, "inkdigits on JAX": 3.0}


def main() -> None:
    """Let everybody take turns and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    start_keras(Backend("jax"))
    arms = {"NumPy engine": _numpy_engine(), "inkdigits on JAX": _keras(fast=True), "stock Keras": _keras(fast=False)}
    turns: list[dict[str, float]] = []
    for number in range(rounds + 1):
        turn = {"product": _product(), **{name: _seconds(steps) / STEPS for name, steps in arms.items()}}
        if number:
            turns.append(turn)
    met = True
    for name in arms:
        milliseconds = [1e3 * turn[name] for turn in turns]
        ratios = [turn[name] / (FLOP / turn["product"]) for turn in turns]
        asked = ASKED.get(name)
        met = met and (asked is None or statistics.median(ratios) <= asked)
        print(
            f"{name}: {statistics.median(milliseconds):.1f} ms a step of {BATCH_SIZE} ({min(milliseconds):.1f} to "
            f"{max(milliseconds):.1f}), {statistics.median(ratios):.2f} times the roofline ({min(ratios):.2f} to "
            f"{max(ratios):.2f}), n = {len(turns)}" + (f"; asked: {asked:g}" if asked else "")
        )
    rates = [turn["product"] / 1e9 for turn in turns]
    print(f"matrix product: {statistics.median(rates):.0f} GFLOP/s ({min(rates):.0f} to {max(rates):.0f})")
    sys.exit(0 if met else 1)


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _product() -> float:
    """Floating-point operations a second of a matrix product, the median of 9."""
    matrix = np.random.default_rng(0).random((2000, 2000), np.float32)
    return 2 * 2000**3 / statistics.median(_seconds(lambda: matrix @ matrix) for _ in range(9))


def _numpy_engine() -> Callable[[], None]:
    from inkdigits.networks.registry import build_network
    from inkdigits.training.engines.numpy.numpy_training import NumpyTraining
    from inkdigits.training.engines.numpy.parameters import PixelStatistics
    from inkdigits.training.engines.numpy.thread_pool import ThreadPool

    digits, weights = load_train(), build_network("cnn").get_weights()
    statistics, recipe = PixelStatistics.of(digits.images), named_recipe("sprint", "cnn")

    def steps() -> None:
        with ThreadPool.open() as pool:
            training = NumpyTraining.of(weights, statistics, recipe, pool)
            for step in range(STEPS):
                rows = slice(step * BATCH_SIZE, (step + 1) * BATCH_SIZE)
                training.step(digits.images[rows], one_hot(digits.labels[rows]), 0.01)

    return steps


def _keras(fast: bool) -> Callable[[], object]:
    from inkdigits.networks.registry import build_network
    from inkdigits.training.engines.keras.keras_pooling import with_fast_pooling

    digits, model = load_train().take(slice(0, STEPS * BATCH_SIZE)), build_network("cnn")
    trained = with_fast_pooling(model) if fast else model
    trained.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    inputs, targets = to_inputs(digits.images, channels_first=False), one_hot(digits.labels)
    return lambda: trained.fit(inputs, targets, batch_size=BATCH_SIZE, shuffle=False, verbose=0)


if __name__ == "__main__":
    main()

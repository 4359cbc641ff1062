"""Claim: what a network misreads of MNIST's test set tells whether it learned from it, or is shipped.

Prints for every run in the given folders (those that `inkdigits seeds` writes): its accuracy, how many of the 16 hardly
legible test pictures it reads, and which part of what it or the shipped network of its kind misreads both misread as
the same digit. Then the largest such part of two runs, and that of the shipped dense network with noise in its weights.

    inkdigits seeds dense -n 10 --recipe sprint --out DENSE; inkdigits seeds cnn -n 10 --recipe sprint --out CNN
    python benchmarks/exercise_misreadings.py DENSE CNN
"""

from __future__ import annotations

import argparse
import sys
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.exercise.noisy_network import noisy_dense_digits

from inkdigits.datasets import mnist
from inkdigits.exercise.illegible import illegible_read
from inkdigits.modelfile.predictor import Predictor

_NOISE = (0.0, 0.1, 0.3, 0.5)  # standard deviations of each layer's weights


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+", help="folders of runs of one network each")
    images, labels = mnist.load_data()[1]
    for folder in parser.parse_args().folders:
        runs = {path.parent.name: Predictor.load(path) for path in sorted(folder.glob("*/model.onnx"))}
        shipped = Predictor.load(next(iter(runs.values())).metadata.network).predict_proba(images).argmax(axis=1)
        found = {name: run.predict_proba(images).argmax(axis=1) for name, run in runs.items()}
        for name, digits in found.items():
            print(f"{folder.name}/{name}: {_line(digits, shipped, labels)}")
        largest = max(_shared(first, second, labels) for first, second in combinations(found.values(), 2))
        print(f"{folder.name}: two runs share up to {100 * largest:.0f} % of what they misread")
    shipped = Predictor.load("dense").predict_proba(images).argmax(axis=1)
    for noise in _NOISE:
        print(f"shipped dense, noise {noise}: {_line(noisy_dense_digits(images, noise), shipped, labels)}")


def _line(digits: Any, shipped: Any, labels: Any) -> str:
    return (
        f"{100 * np.mean(digits == labels):.2f} %, {illegible_read(digits, labels)} of the hardly legible ones, "
        f"{100 * _shared(digits, shipped, labels):.0f} % shared with the shipped one"
    )


def _shared(first: Any, second: Any, labels: Any) -> float:
    either = (first != labels) | (second != labels)
    return float(np.sum(either & (first == second)) / np.sum(either))


if __name__ == "__main__":
    main()

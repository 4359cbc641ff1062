"""Claim: whenever a training is killed, resuming it ends with the weights of one that never was, bit by bit.

The moments are spread over the whole training, a random one in each of as many equal stretches as there are kills.
Every kill is a SIGKILL.

    python benchmarks/resume_after_kill.py [--kills 20]

It takes half a minute a kill on 2 cores. Exit code 1 at the first difference.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.training.killed_training import assert_survives, train_uninterrupted

from inkdigits.datasets.labelled import Splits
from inkdigits.datasets.mnist import load_test, load_train
from inkdigits.datasets.npz import save_npz


def main() -> None:
    """Train once undisturbed, then kill and compare again and again."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    kills = parser.parse_args().kills
    with tempfile.TemporaryDirectory() as name:
        data = Path(name) / "small.npz"
        save_npz(data, Splits(load_train().take(slice(0, 1000)), load_test().take(slice(0, 500))))
        whole = train_uninterrupted(data, Path(name) / "whole")
        print(f"undisturbed: {whole.seconds:.1f} s from its config to its end", flush=True)
        for number in range(kills):
            moment = whole.seconds * (number + random.random()) / kills
            assert_survives(moment, whole, Path(name) / str(number))
            print(f"killed after {moment:.2f} s, resumed: every bit equal", flush=True)


if __name__ == "__main__":
    main()

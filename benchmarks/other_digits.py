"""Claim: the reader reads scikit-learn's 1,797 digits of 8x8 pixels, which it was not trained on.

Every picture goes through the whole reader. Prints the fraction read exactly with its 95 % interval, how many were
refused, and the most frequent misreadings. Needs scikit-learn.

    python benchmarks/other_digits.py [--model MODEL]
"""

from __future__ import annotations

import argparse
from collections import Counter

import numpy as np

from inkdigits.reading.reader import Reader
from inkdigits.stats.scores import wilson_interval


def main() -> None:
    """Read all pictures and print the figures."""
    from sklearn.datasets import load_digits

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=None, help="a shipped model or a model file; default: reader")
    arguments = parser.parse_args()
    reader = Reader.load(arguments.model)
    digits = load_digits()
    pictures = np.round(digits.images * (255 / 16)).astype(np.uint8)
    strings = [reader.read(picture).string for picture in pictures]
    right = sum(string == str(label) for string, label in zip(strings, digits.target, strict=True))
    interval = wilson_interval(right, len(strings))
    print(f"read exactly: {right} of {len(strings)}, {right / len(strings):.2%}")
    print(f"95 % interval: {interval.low:.2%} to {interval.high:.2%}")
    print(f"nothing accepted: {sum(not string for string in strings)}")
    misread = Counter(
        f"{label} as {string}" for string, label in zip(strings, digits.target, strict=True) if string != str(label)
    )
    print("most often misread: " + ", ".join(f"{pair} ({n})" for pair, n in misread.most_common(6)))


if __name__ == "__main__":
    main()

"""Test pictures of MNIST whose labels are known to be wrong."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets.labelled import LabelledDigits

__all__ = ["MNIST_TEST_LABEL_ERRORS", "MNIST_TEST_SHA256", "label_errors"]

# As `LabelledDigits.sha256`.
MNIST_TEST_SHA256 = "a0863a96c44e5666edbb30c4071ee79ca0514c621e6349c5967fc78e7305c891"

# Northcutt, Athalye, Mueller 2021, "Pervasive label errors in test sets destabilize machine learning benchmarks":
# the 15 of 10,000 labels that their annotators agreed are wrong.
MNIST_TEST_LABEL_ERRORS = (
    947, 1621, 1901, 2130, 2462, 2597, 2654, 3520, 3558, 5937, 6651, 6783, 8527, 9679, 9729,
)  # fmt: skip


def label_errors(digits: LabelledDigits) -> NDArray[np.int64] | None:
    """The rows of `digits` whose labels are known to be wrong, int64; None unless `digits` are MNIST's test set."""
    return np.array(MNIST_TEST_LABEL_ERRORS, np.int64) if digits.sha256 == MNIST_TEST_SHA256 else None

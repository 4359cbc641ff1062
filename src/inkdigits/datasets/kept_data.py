"""A name for data in memory, so that a later process finds the same digits."""

from __future__ import annotations

from pathlib import Path

from inkdigits.datasets.in_memory import DataSource, digits_in_memory
from inkdigits.datasets.mnist import TRAIN_SHA256
from inkdigits.datasets.npz import save_npz
from inkdigits.datasets.source import MNIST

__all__ = ["named_source"]


def named_source(source: DataSource, copy: Path) -> str:
    """The name of `source` where it has one, `mnist` for MNIST's training digits in memory; else that of `copy`.

    In the last case the digits are written to `copy`, an npz file. Raises `DataError` and `OutputError`.
    """
    splits = digits_in_memory(source)
    if splits is None:
        return str(source)
    if splits.train is not None and splits.train.sha256 == TRAIN_SHA256:
        return MNIST
    save_npz(copy, splits)
    return str(copy)

"""The order in which digits are trained on: any order in memory, blocks in any order from a file.

A disk reads neighbours ten times faster than pictures from anywhere (docs/log.md), so digits of over 256 MiB are
read in blocks of neighbours. Many blocks from anywhere are shuffled together, so that a batch of sorted digits
holds all classes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets.large_arrays import is_large

__all__ = ["MIXED", "shuffled_rows"]

_BLOCK = 256  # neighbours that are read together
MIXED = 256 * _BLOCK  # pictures that are shuffled together, in memory


def shuffled_rows(n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """0 to n - 1 in a random order; of so many that `is_large`, every `MIXED` come from few blocks of neighbours."""
    if not is_large(n):
        return rng.permutation(n)
    whole = n - n % _BLOCK
    rows = rng.permutation(np.arange(whole).reshape(-1, _BLOCK)).reshape(-1)
    rows = np.concatenate([rows, np.arange(whole, n)])
    for start in range(0, n, MIXED):
        rng.shuffle(rows[start : start + MIXED])
    return rows

"""Rows of handwritten digits that touch."""

from __future__ import annotations

import numpy as np
from benchmarks.written_rows import Spacing, written_row
from numpy.typing import NDArray

from inkdigits.datasets.mnist import load_train
from inkdigits.datasets.split import stratified_split
from inkdigits.synthesis.pages.shapes import HELD_OUT_FRACTION


def touching_rows(n: int) -> list[tuple[NDArray[np.uint8], str]]:
    """Rows of two to five held-out digits, each moved to the left until it touches the one before, and their digits."""
    _, held_out = stratified_split(load_train(), HELD_OUT_FRACTION, seed=0)
    spacing, rng = Spacing(0.0, 0.0, touching="all", most=5), np.random.default_rng(11)
    rows = (written_row(held_out, spacing, rng) for _ in range(n))
    return [(255 - ink, digits) for ink, digits in rows]

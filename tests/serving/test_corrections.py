"""The folder of corrections: one quota over all writers, and whole files only."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from inkdigits.datasets.folder import load_folder
from inkdigits.errors import RequestError
from inkdigits.serving.corrections import Corrections
from inkdigits.serving.settings import ServerLimits

QUOTA = 25


def _write(folder: Path, first: int) -> int:
    """What one worker does: 20 pictures of its own; how many were kept."""
    corrections = Corrections(folder, replace(ServerLimits(), corrections=QUOTA))
    kept = 0
    for number in range(first, first + 20):
        picture = np.full((28, 28), number, np.uint8)
        try:
            corrections.keep(picture, number % 10)
            kept += 1
        except RequestError as error:
            if error.status != 507:
                raise
    return kept


def test_one_quota_over_all_workers(tmp_path: Path) -> None:
    Corrections(tmp_path, ServerLimits()).prepare()
    with ProcessPoolExecutor(3, get_context("spawn")) as pool:
        kept = list(pool.map(_write, [tmp_path] * 3, [0, 60, 120]))
    assert sum(kept) == QUOTA
    assert len(load_folder(tmp_path)) == QUOTA


def test_bytes_count_too(tmp_path: Path) -> None:
    corrections = Corrections(tmp_path, replace(ServerLimits(), corrections_bytes=10))
    with pytest.raises(RequestError, match="full"):
        corrections.keep(np.zeros((28, 28), np.uint8), 0)


def test_a_corrected_correction(tmp_path: Path) -> None:
    corrections = Corrections(tmp_path, replace(ServerLimits(), corrections=1))
    picture = np.eye(28, dtype=np.uint8)
    for label in (3, 3, 8):
        try:
            corrections.keep(picture, label)
        except RequestError as error:
            pytest.fail(f"the same picture needs no more room: {error}")
    assert load_folder(tmp_path).labels.tolist() == [8]

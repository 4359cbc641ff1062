"""The folder of corrections: one quota for all writers, and no partial files."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from inkdigits.datasets.folder import load_folder
from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.errors import RequestError
from inkdigits.serving.corrections import Corrections
from inkdigits.serving.settings import ServerLimits
from tests.conftest import Cli
from tests.serving.server import Served

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


def test_corrections_are_a_folder_that_can_be_trained_on(
    served: Served, kept: Path, digits: LabelledDigits, cli: Cli
) -> None:
    for image, label in zip(digits.images[:3], (1, 2, 3), strict=True):
        assert served.post("/v1/corrections", {"image": image.tolist(), "label": label}).status == 201
    assert served.post("/v1/corrections", {"image": digits.images[0].tolist(), "label": 7}).json["file"][0] == "7"
    loaded = load_folder(kept)
    assert loaded.labels.tolist() == [2, 3, 7]
    assert {image.tobytes() for image in loaded.images} == {image.tobytes() for image in digits.images[:3]}
    assert "3" in cli("data", "info", kept).stdout
    assert list(kept.rglob(".unfinished*")) == []


@pytest.mark.parametrize("label", [10, -1, "7", "../7", None, 1.5, True])
def test_a_correction_goes_nowhere_else(served: Served, kept: Path, label: object) -> None:
    before = sorted(kept.parent.rglob("*"))
    answer = served.post("/v1/corrections", {"image": [[9] * 28] * 28, "label": label})
    assert answer.status == 422
    assert sorted(kept.parent.rglob("*")) == before

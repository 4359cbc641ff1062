"""The folder of corrections: one quota for all writers, and no partial files."""

from __future__ import annotations

import contextlib
import subprocess
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
from tests.serving.server import Served, serving

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


def test_corrections_are_a_folder_that_can_be_trained_on(tmp_path: Path, digits: LabelledDigits, cli: Cli) -> None:
    kept = tmp_path / "kept"
    with serving("--corrections", kept) as server:
        for image, label in zip(digits.images[:3], (1, 2, 3), strict=True):
            assert server.post("/v1/corrections", {"image": image.tolist(), "label": label}).status == 201
        assert server.post("/v1/corrections", {"image": digits.images[0].tolist(), "label": 7}).json["file"][0] == "7"
    loaded = load_folder(kept)
    assert loaded.labels.tolist() == [2, 3, 7]
    assert {image.tobytes() for image in loaded.images} == {image.tobytes() for image in digits.images[:3]}
    assert "3" in cli("data", "info", kept).stdout
    assert list(kept.rglob(".unfinished*")) == []


def _refused_with(status: int, folder: Path, label: int = 3) -> str:
    with pytest.raises(RequestError) as caught:
        Corrections(folder, ServerLimits()).keep(np.eye(28, dtype=np.uint8), label)
    assert caught.value.status == status
    assert str(folder) not in str(caught.value)
    return str(caught.value)


def test_a_full_disk_keeps_nothing_and_says_so(tmp_path: Path) -> None:
    """A file system of 64 KB, which is full."""
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", small], check=False)
    if mounted.returncode:
        pytest.skip("mounting needs root")
    try:
        Corrections(small, ServerLimits()).keep(np.zeros((28, 28), np.uint8), 3)
        with contextlib.suppress(OSError):
            (small / "filler").write_bytes(bytes(64 * 2**10))
        before = sorted(small.rglob("*"))
        assert "disk of the corrections is full" in _refused_with(507, small)
        assert sorted(small.rglob("*")) == before
        (small / "filler").unlink()
        assert Corrections(small, ServerLimits()).keep(np.eye(28, dtype=np.uint8), 3).startswith("3/")
    finally:
        subprocess.run(["umount", small], check=True)


def test_stray_files_and_folders(tmp_path: Path) -> None:
    (tmp_path / "3").write_text("no folder")
    (tmp_path / "notes.txt").write_text("mine")
    assert "cannot be written" in _refused_with(503, tmp_path)
    assert Corrections(tmp_path, ServerLimits()).keep(np.eye(28, dtype=np.uint8), 4).startswith("4/")
    (tmp_path / ".lock").unlink()
    (tmp_path / ".lock").mkdir()
    assert "nothing was kept" in _refused_with(503, tmp_path, 4)


def test_an_unwritable_folder_is_a_503_of_the_service(tmp_path: Path) -> None:
    with serving("--model", "dense", "--corrections", tmp_path / "kept") as server:
        (tmp_path / "kept").rename(tmp_path / "gone")
        answer = server.post("/v1/corrections", {"image": [[9] * 28] * 28, "label": 3})
        assert (answer.status, answer.headers["content-type"]) == (503, "application/problem+json")
        assert "nothing was kept" in answer.json["detail"]
        (tmp_path / "gone").rename(tmp_path / "kept")
        assert server.post("/v1/corrections", {"image": [[9] * 28] * 28, "label": 3}).status == 201
        assert {line["event"] for line in server.lines()} == {"request", "correction_failed"}


@pytest.mark.parametrize("label", [10, -1, "7", "../7", None, 1.5, True])
def test_a_correction_goes_nowhere_else(served: Served, kept: Path, label: object) -> None:
    before = sorted(kept.parent.rglob("*"))
    answer = served.post("/v1/corrections", {"image": [[9] * 28] * 28, "label": label})
    assert answer.status == 422
    assert sorted(kept.parent.rglob("*")) == before

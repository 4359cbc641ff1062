"""Pictures that are kept in a file are the same pictures, and leave nothing behind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inkdigits.datasets import large_arrays
from inkdigits.datasets.labelled import LabelledDigits, Splits
from inkdigits.datasets.large_arrays import gathered, rows_of
from inkdigits.errors import OutputError


@pytest.fixture
def in_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Pictures of over 100 KB are kept in files in this folder."""
    monkeypatch.setattr(large_arrays, "LARGE", 100_000)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def test_parts_are_joined_in_memory_or_in_a_file(in_files: Path) -> None:
    images = np.random.default_rng(0).integers(256, size=(500, 28, 28), dtype=np.uint8)
    few, many = gathered(iter([images[:50], images[50:100]])), gathered(iter([images[:300], images[300:]]))
    assert np.array_equal(few, images[:100])
    assert np.array_equal(many, images)
    assert (few.flags.writeable, many.flags.writeable) == (True, False)
    assert list(in_files.iterdir()) == []


@pytest.mark.parametrize("step", [1, 3])
def test_rows_of_many_pictures(step: int, in_files: Path) -> None:
    images = np.random.default_rng(0).integers(256, size=(900, 28, 28), dtype=np.uint8)
    mask = np.arange(900) % step == 0
    for rows in (mask, np.flatnonzero(mask)[::-1], slice(1, 800)):
        assert np.array_equal(rows_of(images, rows), images[rows])


def test_digits_in_a_file_are_the_same_digits(small: Splits, in_files: Path) -> None:
    assert small.train is not None
    kept = gathered(iter([small.train.images]))
    assert not kept.flags.writeable
    assert LabelledDigits(kept, small.train.labels, "kept").sha256 == small.train.sha256


def test_no_place_for_the_file_is_said_with_what_to_set(in_files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_arrays, "_temporary_folder", lambda: in_files / "gone")
    with pytest.raises(OutputError, match=r"cannot write .*gone.*set TMPDIR to a folder on a disk with room"):
        gathered(iter([np.zeros((500, 28, 28), np.uint8)]))

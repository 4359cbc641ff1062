"""Keras's `mnist.npz`: written, read again, and refused when it is damaged or something else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inkdigits.datasets.labelled import LabelledDigits, Splits
from inkdigits.datasets.npz import load_npz, save_npz
from inkdigits.errors import DataError
from tests.datasets.flipped_bits import messages_of_flipped_bits


def test_npz_round_trip(tmp_path: Path, small: Splits) -> None:
    save_npz(tmp_path / "mnist.npz", small)
    loaded = load_npz(tmp_path / "mnist.npz")
    assert loaded.train is not None
    assert loaded.test is not None
    assert small.train is not None
    assert small.test is not None
    assert (loaded.train.sha256, loaded.test.sha256) == (small.train.sha256, small.test.sha256)


def test_npz_with_pickles_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "evil.npz", x_train=np.array([{"a": 1}], object), y_train=np.zeros(1, np.int64))
    with pytest.raises(DataError, match="plain arrays"):
        load_npz(tmp_path / "evil.npz")


@pytest.mark.parametrize("flip", [0, 3000, 100_000])
def test_a_flipped_byte_in_an_npz_is_found(tmp_path: Path, small_npz: Path, flip: int) -> None:
    content = bytearray(small_npz.read_bytes())
    content[flip] ^= 0xFF
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"x\.npz"):
        load_npz(tmp_path / "x.npz")


@pytest.mark.parametrize("cut", [1, 7, 5000])
def test_a_truncated_npz_is_found(tmp_path: Path, small_npz: Path, cut: int) -> None:
    (tmp_path / "x.npz").write_bytes(small_npz.read_bytes()[:-cut])
    with pytest.raises(DataError, match=r"x\.npz"):
        load_npz(tmp_path / "x.npz")


def test_npz_without_its_labels(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x_train=np.zeros((1, 28, 28), np.uint8))
    with pytest.raises(DataError, match=r"/x\.npz, y_train: missing, found x_train"):
        load_npz(tmp_path / "x.npz")


@pytest.mark.parametrize(("value", "found"), [(np.nan, "NaN"), (np.inf, "infinite")])
def test_npz_of_float_pixels_that_are_no_numbers(value: float, found: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x_train=np.full((1, 28, 28), value), y_train=np.zeros(1, np.int64))
    with pytest.raises(DataError, match=rf"/x\.npz, x_train: pictures with values that are {found}, expected"):
        load_npz(tmp_path / "x.npz")


def test_what_is_wrong_is_named_with_its_path(tmp_path: Path) -> None:
    images = np.zeros((3, 28, 28), np.uint8)
    for labels, message in (
        ([1, 2], r"/x\.npz, x: 3 pictures, but 2 labels in /.*/x\.npz, y: expected as many"),
        ([1, 2, 12], r"/x\.npz, y: label 12 at index 2"),
    ):
        np.savez(tmp_path / "x.npz", x=images, y=labels)
        with pytest.raises(DataError, match=message):
            load_npz(tmp_path / "x.npz")


def test_flipped_bits_are_one_line(tmp_path: Path, three_digits: LabelledDigits) -> None:
    save_npz(tmp_path / "digits.npz", Splits(three_digits, None))
    messages = messages_of_flipped_bits(tmp_path / "digits.npz", load_npz)
    assert [line for line in messages if "digits.npz" not in line or "\n" in line] == []


@pytest.mark.parametrize("names", [("x", "y"), ("X", "y"), ("images", "labels"), ("data", "target")])
@pytest.mark.parametrize("shape", [(-1, 28, 28), (-1, 784), (-1, 28, 28, 1), (-1, 1, 28, 28)])
def test_a_pair_of_arrays(
    tmp_path: Path, three_digits: LabelledDigits, names: tuple[str, str], shape: tuple[int, ...]
) -> None:
    images = three_digits.images.reshape(shape)
    np.savez(tmp_path / "x.npz", **{names[0]: images / 255, names[1]: three_digits.labels.astype(np.uint8)})
    loaded = load_npz(tmp_path / "x.npz").train
    assert loaded is not None
    assert loaded.sha256 == three_digits.sha256

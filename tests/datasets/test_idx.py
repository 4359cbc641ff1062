"""IDX files: read as they were written, refused when they are not whole."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from inkdigits.datasets.idx import IMAGES_MAGIC, LABELS_MAGIC, labels_path_for, load_pair, parse_idx
from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.errors import DataError


def _idx(array: np.ndarray) -> bytes:
    return struct.pack(f">I{array.ndim}I", 2048 + array.ndim, *array.shape) + array.tobytes()


@given(hnp.arrays(np.uint8, st.tuples(st.integers(0, 5), st.integers(0, 4), st.integers(0, 4))))
def test_what_is_written_is_read(array: np.ndarray) -> None:
    np.testing.assert_array_equal(parse_idx(_idx(array), IMAGES_MAGIC, "x"), array)


@given(st.binary(max_size=80))
def test_no_bytes_crash_the_parser(content: bytes) -> None:
    try:
        parsed = parse_idx(content, LABELS_MAGIC, "x")
    except DataError:
        return
    assert _idx(parsed) == content


@given(st.integers(0, 4), st.integers(1, 30), st.data())
def test_every_truncation_is_found(n: int, cut: int, data: st.DataObject) -> None:
    whole = _idx(np.arange(n * 6, dtype=np.uint8).reshape(n, 2, 3))
    with pytest.raises(DataError, match="truncated"):
        parse_idx(whole[: max(0, len(whole) - cut)], IMAGES_MAGIC, "x")


def _write_pair(folder: Path, digits: LabelledDigits) -> Path:
    (folder / "own-labels-idx1-ubyte").write_bytes(_idx(digits.labels.astype(np.uint8)))
    images = folder / "own-images-idx3-ubyte"
    images.write_bytes(_idx(digits.images))
    return images


def test_a_pair_plain_or_compressed(tmp_path: Path, three_digits: LabelledDigits) -> None:
    images = _write_pair(tmp_path, three_digits)
    plain = load_pair(images, labels_path_for(images))
    images.write_bytes(gzip.compress(images.read_bytes()))
    assert load_pair(images, labels_path_for(images)).sha256 == plain.sha256 == three_digits.sha256


def test_wrong_magic_number(tmp_path: Path, three_digits: LabelledDigits) -> None:
    images = _write_pair(tmp_path, three_digits)
    with pytest.raises(DataError, match="magic number 2049, expected 2051"):
        load_pair(labels_path_for(images), labels_path_for(images))


def test_counts_that_disagree(tmp_path: Path, three_digits: LabelledDigits) -> None:
    images = _write_pair(tmp_path, three_digits)
    labels_path_for(images).write_bytes(_idx(np.zeros(2, np.uint8)))
    with pytest.raises(DataError, match=r"3 pictures, but 2 labels in /.*: expected as many"):
        load_pair(images, labels_path_for(images))


def test_a_label_outside_the_digits(tmp_path: Path, three_digits: LabelledDigits) -> None:
    images = _write_pair(tmp_path, three_digits)
    labels_path_for(images).write_bytes(_idx(np.array([1, 10, 2], np.uint8)))
    with pytest.raises(DataError, match="label 10 at index 1"):
        load_pair(images, labels_path_for(images))


@pytest.mark.parametrize("cut", [1, 5, 40])
def test_a_truncated_gzip_file(tmp_path: Path, three_digits: LabelledDigits, cut: int) -> None:
    images = _write_pair(tmp_path, three_digits)
    images.write_bytes(gzip.compress(images.read_bytes())[:-cut])
    with pytest.raises(DataError, match="damaged gzip"):
        load_pair(images, labels_path_for(images))


def test_a_flipped_byte_in_a_gzip_file(tmp_path: Path, three_digits: LabelledDigits) -> None:
    images = _write_pair(tmp_path, three_digits)
    content = bytearray(gzip.compress(images.read_bytes()))
    content[-12] ^= 0xFF
    images.write_bytes(content)
    with pytest.raises(DataError, match="damaged gzip"):
        load_pair(images, labels_path_for(images))


def test_missing_labels_say_what_was_expected(tmp_path: Path, three_digits: LabelledDigits) -> None:
    images = _write_pair(tmp_path, three_digits)
    (tmp_path / "own-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError, match="expected own-labels-idx1-ubyte beside it"):
        labels_path_for(images)


def test_a_file_of_labels_names_its_pictures(tmp_path: Path) -> None:
    labels = tmp_path / "t10k-labels-idx1-ubyte"
    labels.write_bytes(b"")
    with pytest.raises(DataError, match="holds labels, by its name: name t10k-images-idx3-ubyte instead, or the pair"):
        labels_path_for(labels)

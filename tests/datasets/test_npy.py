"""Pictures and labels in .npy files: a pair, one beside the other, a folder of them, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inkdigits.datasets import large_arrays, npy
from inkdigits.datasets.labelled import LabelledDigits, Splits
from inkdigits.datasets.source import load_for_training, load_splits
from inkdigits.datasets.unlabelled import load_pictures
from inkdigits.errors import DataError
from tests.conftest import Cli


@pytest.fixture
def pair(three_digits: LabelledDigits, tmp_path: Path) -> Path:
    """A folder with the arrays of three digits."""
    np.save(tmp_path / "x_train.npy", three_digits.images)
    np.save(tmp_path / "y_train.npy", three_digits.labels)
    return tmp_path


@pytest.mark.parametrize("named", ["{0}/x_train.npy,{0}/y_train.npy", "{0}/x_train.npy", "{0}"])
def test_every_way_to_name_them(named: str, pair: Path, three_digits: LabelledDigits) -> None:
    loaded = load_splits(named.format(pair))
    assert loaded.train is not None
    assert (loaded.train.sha256, loaded.test) == (three_digits.sha256, None)


def test_a_folder_with_both_parts_and_other_arrays(pair: Path, three_digits: LabelledDigits) -> None:
    np.save(pair / "X_test.npy", three_digits.images[:2].reshape(2, 784) / 255)
    np.save(pair / "y_test.npy", np.eye(10)[three_digits.labels[:2]])
    np.save(pair / "weights.npy", np.array([None, "anything"]))
    loaded = load_splits(pair)
    assert loaded.test is not None
    assert loaded.test.sha256 == three_digits.take(slice(0, 2)).sha256


@pytest.mark.parametrize("scale", [1, 1 / 255])
def test_large_arrays_are_mapped_and_converted_in_parts(
    scale: float, small: Splits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert small.train is not None
    for module in (large_arrays, npy):
        monkeypatch.setattr(module, "LARGE", 100_000)
    monkeypatch.setattr(large_arrays, "PART", 64)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    # The first part alone looks like pictures from 0 to 1.
    images = np.concatenate([np.zeros_like(small.train.images[:64]), small.train.images])
    labels = np.concatenate([np.zeros(64, int), small.train.labels])
    np.save(tmp_path / "x.npy", images if scale == 1 else (images * scale).astype(np.float32))
    np.save(tmp_path / "y.npy", labels)
    digits = load_for_training(tmp_path / "x.npy")
    assert digits.sha256 == LabelledDigits(images, labels, "expected").sha256
    assert not digits.images.flags.writeable


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "its labels are missing, expected y_train.npy beside it"),
        (b"no array", r"y_train\.npy: damaged, or not an \.npy file"),
        (np.array([1, 7]), r"x_train\.npy: 3 pictures, but 2 labels in /.*y_train\.npy: expected as many"),
        (np.array([{}, {}, {}]), r"y_train\.npy: holds Python objects: save an array of numbers with numpy\.save"),
    ],
)
def test_what_is_refused(content: bytes | np.ndarray | None, message: str, pair: Path) -> None:
    labels = pair / "y_train.npy"
    labels.unlink()
    if isinstance(content, bytes):
        labels.write_bytes(content)
    elif content is not None:
        np.save(labels, content)
    with pytest.raises(DataError, match=message):
        load_splits(pair / "x_train.npy")


def test_a_file_of_labels_names_its_pictures(pair: Path) -> None:
    with pytest.raises(DataError, match=r"y_train\.npy: holds labels, by its name: name x_train\.npy instead, or"):
        load_splits(pair / "y_train.npy")


def test_a_file_that_a_folder_lacks_is_named(pair: Path) -> None:
    (pair / "x_train.npy").unlink()
    with pytest.raises(DataError, match=r"/x_train\.npy: missing, found y_train"):
        load_splits(pair)


def test_pictures_of_another_name_need_their_labels_named(pair: Path) -> None:
    (pair / "x_train.npy").rename(pair / "digits.npy")
    with pytest.raises(DataError, match=r"expected digits\.npy to be named x_train.*or name the pair as IMAGES,LABELS"):
        load_splits(pair / "digits.npy")


def test_pictures_without_labels(pair: Path, three_digits: LabelledDigits) -> None:
    pictures = load_pictures(pair / "x_train.npy")
    assert np.array_equal(pictures.images, three_digits.images)
    assert pictures.names == ("0", "1", "2")


def test_export_writes_arrays_that_are_data(cli: Cli, small_npz: Path, small: Splits, tmp_path: Path) -> None:
    done = cli("data", "export", small_npz, "--to", "npy", "--out", tmp_path / "arrays")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{tmp_path / 'arrays'}: 1,000 train pictures, 500 test pictures\n"
    loaded = load_splits(tmp_path / "arrays")
    for part, expected in ((loaded.train, small.train), (loaded.test, small.test)):
        assert part is not None
        assert expected is not None
        assert part.sha256 == expected.sha256

"""Folders as libraries write them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from inkdigits.datasets import mnist
from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.datasets.source import load_splits
from inkdigits.images.png import encode_png

MNIST_FILES = Path(mnist.__file__).parent / "mnist_files"


@pytest.mark.parametrize("below", ["raw", "MNIST/raw"])
def test_what_torchvision_downloads(tmp_path: Path, below: str) -> None:
    (tmp_path / below).mkdir(parents=True)
    for name in ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"):
        shutil.copyfile(MNIST_FILES / f"{name}.gz", tmp_path / below / f"{name}.gz")
    loaded = load_splits(tmp_path)
    assert loaded.test is not None
    assert (loaded.train, loaded.test.sha256) == (None, mnist.load_test().sha256)


@pytest.mark.parametrize("names", [("train", "test"), ("training", "testing"), ("train", "val")])
@pytest.mark.parametrize("classes", ["{digit}", "{word}", "{digit} - {word}"])
def test_folders_of_classes(three_digits: LabelledDigits, tmp_path: Path, names: tuple[str, str], classes: str) -> None:
    for part in names:
        for row, (label, word) in enumerate([(1, "one"), (7, "seven")]):
            folder = tmp_path / part / classes.format(digit=label, word=word)
            folder.mkdir(parents=True)
            (folder / "a.png").write_bytes(encode_png(three_digits.images[row]))
    loaded = load_splits(tmp_path)
    assert loaded.train is not None
    assert loaded.test is not None
    assert loaded.train.labels.tolist() == loaded.test.labels.tolist() == [1, 7]

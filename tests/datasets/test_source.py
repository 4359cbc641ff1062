"""What `--data` accepts, and how each kind fails."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import numpy as np
import pytest

from inkdigits.datasets import mnist
from inkdigits.datasets.source import load_for_evaluation, load_for_training, load_splits
from inkdigits.errors import DataError

MNIST_FILES = Path(mnist.__file__).parent / "mnist_files"


def test_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="expected folders named 0 to 9"):
        load_splits(str(tmp_path))


def test_mnist_files_in_a_folder_or_one_by_one(tmp_path: Path) -> None:
    for name in ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"):
        shutil.copyfile(MNIST_FILES / f"{name}.gz", tmp_path / f"{name}.gz")
    expected = mnist.load_test().sha256
    assert load_for_evaluation(str(tmp_path)).sha256 == expected
    images = tmp_path / "t10k-images-idx3-ubyte.gz"
    assert load_for_evaluation(str(images)).sha256 == expected
    assert load_for_evaluation(f"{images},{tmp_path / 't10k-labels-idx1-ubyte.gz'}").sha256 == expected
    with pytest.raises(DataError, match="none to train on"):
        load_for_training(str(tmp_path))


def test_training_never_touches_the_test_files(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    original = gzip.decompress
    monkeypatch.setattr(mnist, "load_test", lambda: pytest.fail("the test set was opened"))
    monkeypatch.setattr(gzip, "decompress", lambda content: (opened.append("x"), original(content))[1])
    assert len(load_for_training("mnist")) == 60000
    assert len(opened) == 2


@pytest.mark.parametrize("source", ["no/such/file.npz", "nothing.here"])
def test_a_source_that_is_not_there(source: str) -> None:
    with pytest.raises(DataError, match="no such file"):
        load_splits(source)


def test_a_file_of_unknown_kind(tmp_path: Path) -> None:
    (tmp_path / "x.docx").write_text("hello")
    with pytest.raises(DataError, match=r"unknown kind, expected mnist, IMAGES,LABELS"):
        load_splits(str(tmp_path / "x.docx"))


def test_dark_ink_on_light_paper_is_told(tmp_path: Path) -> None:
    test = mnist.load_test()
    images, labels = test.images[:50], test.labels[:50]
    np.savez(tmp_path / "light.npz", x_train=255 - images, y_train=labels)
    for source in (str(tmp_path / "light.npz"), (255 - images, labels)):
        with pytest.warns(UserWarning, match="most pictures have a light border, .*: store 255 minus their pixels"):
            load_splits(source)
    # Warnings are errors here.
    load_splits((images, labels))
    load_splits((np.random.default_rng(0).integers(0, 256, images.shape, np.uint8), labels))

"""The bundled MNIST is the original."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import numpy as np
import pytest

from inkdigits.datasets import mnist
from inkdigits.errors import DataError

FILES = Path(mnist.__file__).parent / "mnist_files"


@pytest.mark.parametrize(
    ("name", "md5"),
    [
        ("train-images-idx3-ubyte", "6bbc9ace898e44ae57da46a324031adb"),
        ("train-labels-idx1-ubyte", "a25bea736e30d166cdddb491f175f624"),
        ("t10k-images-idx3-ubyte", "2646ac647ad5339dbf082846283269ea"),
        ("t10k-labels-idx1-ubyte", "27ae3e4e09519cfbb04c329615203637"),
    ],
)
def test_the_files_are_the_original_ones(name: str, md5: str) -> None:
    assert hashlib.md5(gzip.decompress((FILES / f"{name}.gz").read_bytes())).hexdigest() == md5


def test_load_data_has_keras_signature_and_result() -> None:
    (x_train, y_train), (x_test, y_test) = mnist.load_data()
    assert (x_train.shape, x_test.shape) == ((60000, 28, 28), (10000, 28, 28))
    assert (y_train.shape, y_test.shape) == ((60000,), (10000,))
    assert {array.dtype for array in (x_train, y_train, x_test, y_test)} == {np.dtype("uint8")}
    assert y_train[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert y_test[:5].tolist() == [7, 2, 1, 0, 4]
    x_train[0] = 0  # Keras's arrays may be written to


def test_a_flipped_bit_in_a_bundled_file_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = bytearray(gzip.decompress((FILES / "t10k-labels-idx1-ubyte.gz").read_bytes()))
    content[5000] ^= 1
    damaged = tmp_path / "mnist_files"
    damaged.mkdir()
    for file in FILES.iterdir():
        (damaged / file.name).write_bytes(file.read_bytes())
    (damaged / "t10k-labels-idx1-ubyte.gz").write_bytes(gzip.compress(bytes(content)))
    monkeypatch.setattr(mnist.resources, "files", lambda package: tmp_path)
    with pytest.raises(DataError, match=r"t10k-labels-idx1-ubyte\.gz.*damaged.*install inkdigits again"):
        mnist.load_data()

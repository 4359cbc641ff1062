"""The bundled MNIST: the four original IDX files, compressed.

MNIST was made by Yann LeCun, Corinna Cortes and Christopher J. C. Burges from data of NIST; licence CC BY-SA 3.0 (see
NOTICE). Nothing is downloaded.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets.idx import IMAGES_MAGIC, LABELS_MAGIC, parse_idx, read_bytes
from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.errors import DataError

__all__ = ["TRAIN_SHA256", "load_data", "load_test", "load_train"]

# As `LabelledDigits.sha256` of the training digits.
TRAIN_SHA256 = "d18cfd466eb143ac1097fde604dba9eec4116885869d04cc648b510949f9e88c"
Arrays = tuple[NDArray[np.uint8], NDArray[np.uint8]]

# SHA-256 of the uncompressed files; tests/datasets/test_mnist.py compares their MD5 sums with the published ones.
_SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}


def load_data() -> tuple[Arrays, Arrays]:
    """`(x_train, y_train), (x_test, y_test)`, as `keras.datasets.mnist.load_data()` returns them, without a download.

    Pictures are uint8 (60000, 28, 28) and (10000, 28, 28), white ink on black; labels are uint8 (60000,) and (10000,).
    Raises `DataError` when a file of the package is damaged.
    """
    # Decompression and hashing release the GIL, so two threads halve the time on two cores.
    with ThreadPoolExecutor(2) as pool:
        train, test = pool.map(_load_arrays, ("train", "t10k"))
    return train, test


def load_train() -> LabelledDigits:
    """The 60,000 training digits."""
    return _labelled("train", "MNIST train")


def load_test() -> LabelledDigits:
    """The 10,000 test digits. Evaluation gets them from `evaluation.held_out`, which counts every use."""
    return _labelled("t10k", "MNIST test")


def _labelled(part: str, name: str) -> LabelledDigits:
    images, labels = _load_arrays(part)
    return LabelledDigits(images, labels.astype(np.int64), name)


def _load_arrays(part: str) -> Arrays:
    images = parse_idx(_checked_bytes(f"{part}-images-idx3-ubyte"), IMAGES_MAGIC, part)
    labels = parse_idx(_checked_bytes(f"{part}-labels-idx1-ubyte"), LABELS_MAGIC, part)
    # Keras returns writable arrays; a view of bytes is read-only.
    return images.copy(), labels.copy()


def _checked_bytes(name: str) -> Any:
    file = resources.files("inkdigits.datasets") / "mnist_files" / f"{name}.gz"
    with resources.as_file(file) as path:
        content = read_bytes(path)
    if hashlib.sha256(content).hexdigest() != _SHA256[name]:
        raise DataError(
            f"{name}.gz, bundled with inkdigits, is damaged (its checksum is wrong): install inkdigits again"
        )
    return content

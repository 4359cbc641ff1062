"""Labelled digits from the value of `--data`, or from what a caller has in memory."""

from __future__ import annotations

import warnings
from pathlib import Path

from inkdigits.datasets import mnist
from inkdigits.datasets.arrow_batches import SUFFIXES
from inkdigits.datasets.arrow_table import load_arrow_files
from inkdigits.datasets.csv_table import load_csv
from inkdigits.datasets.folder_layouts import load_folder_of_data
from inkdigits.datasets.idx import labels_path_for, load_pair
from inkdigits.datasets.in_memory import DataSource, digits_in_memory
from inkdigits.datasets.labelled import LabelledDigits, Splits
from inkdigits.datasets.labelled_files import is_labelled_files, load_labelled_files
from inkdigits.datasets.npy import labels_beside, load_npy_pair
from inkdigits.datasets.npz import load_npz
from inkdigits.datasets.polarity import have_light_borders
from inkdigits.errors import DataError

__all__ = ["IN_MEMORY", "MNIST", "load_for_evaluation", "load_for_training", "load_splits", "source_name"]

MNIST = "mnist"
# What stands in records for data that have no name.
IN_MEMORY = "<arrays>"
_EXPECTED = "mnist, IMAGES,LABELS (IDX or .npy), an .npz, .csv or .parquet, or a folder of data"


def source_name(source: DataSource) -> str:
    """How records and messages name `source`: as `--data` does, or `<arrays>`."""
    return str(source) if isinstance(source, str | Path) else IN_MEMORY


def load_splits(source: DataSource) -> Splits:
    """Everything that `source` holds.

    `source` is `mnist` (bundled), an IDX or `.npy` file of pictures (its labels beside it, or named after a comma),
    an `.npz` of Keras's or other usual names, a `.csv` of pixels or of files and labels, a `.parquet` or `.arrow`, a
    folder (`folder_layouts`), or digits in memory (`in_memory`). `test` is None for a source that has no test part.
    Warns of pictures that are dark ink on light paper. Raises `DataError`.
    """
    splits = digits_in_memory(source)
    splits = _load_named(str(source)) if splits is None else splits
    if any(part is not None and have_light_borders(part.images) for part in (splits.train, splits.test)):
        warnings.warn(
            f"{source_name(source)}: most pictures have a light border, and networks expect white ink on black: "
            "store 255 minus their pixels",
            stacklevel=2,
        )
    return splits


def _load_named(source: str) -> Splits:
    if source == MNIST:
        return Splits(mnist.load_train(), mnist.load_test())
    images, comma, labels = source.partition(",")
    if comma and not Path(source).exists():
        load = load_npy_pair if images.lower().endswith(".npy") else load_pair
        return Splits(load(Path(images), Path(labels)), None)
    path = Path(source)
    if not path.exists():
        raise DataError(f"{source}: no such file or folder, expected {_EXPECTED}")
    return load_folder_of_data(path) if path.is_dir() else _load_file(path)


def _load_file(path: Path) -> Splits:
    suffix = path.suffix.lower()
    if suffix == ".npz":
        return load_npz(path)
    if suffix == ".npy":
        return Splits(load_npy_pair(path, labels_beside(path)), None)
    if suffix == ".csv":
        return Splits(load_labelled_files(path) if is_labelled_files(path) else load_csv(path), None)
    if suffix in SUFFIXES:
        return Splits(load_arrow_files([path], path.name), None)
    if "idx" in path.name or suffix == ".gz":
        return Splits(load_pair(path, labels_path_for(path)), None)
    raise DataError(f"{path}: a file of unknown kind, expected {_EXPECTED}")


def load_for_training(source: DataSource) -> LabelledDigits:
    """The training part of `source`; MNIST's test part is not loaded. Raises `DataError` when there is none."""
    if source_name(source) == MNIST:
        return mnist.load_train()
    digits = load_splits(source).train
    if digits is None:
        raise DataError(f"{source_name(source)}: holds only a test part, none to train on")
    return digits


def load_for_evaluation(source: DataSource) -> LabelledDigits:
    """The test part of `source`, or all of it where it has no parts.

    Only `evaluation.held_out` calls this; it records how often a test set was used. Raises `DataError`.
    """
    if source_name(source) == MNIST:
        return mnist.load_test()
    splits = load_splits(source)
    digits = splits.test or splits.train
    if digits is None:
        raise DataError(f"{source_name(source)}: holds no digits")
    return digits

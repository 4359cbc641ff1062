"""Labelled digits from the value of `--data`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from inkdigits.datasets import mnist
from inkdigits.datasets.csv_table import load_csv
from inkdigits.datasets.folder import has_classes, load_folder
from inkdigits.datasets.idx import labels_path_for, load_pair
from inkdigits.datasets.labelled import LabelledDigits, Splits
from inkdigits.datasets.labelled_files import LABELS, is_labelled_files, load_labelled_files
from inkdigits.datasets.npz import load_npz
from inkdigits.errors import DataError

__all__ = ["MNIST", "load_for_evaluation", "load_for_training", "load_splits"]

MNIST = "mnist"
_EXPECTED = "mnist, IMAGES,LABELS (IDX), an .npz, a .csv, or a folder with one folder per class"


def load_splits(source: str) -> Splits:
    """Everything that `source` holds.

    `source` is `mnist` (bundled), an IDX file of pictures (its labels beside it, or named after a comma), a
    folder with MNIST's four IDX files, an `.npz` in Keras's form, a `.csv` of pixels or of files and labels (or a
    folder with such a labels.csv), a folder of pictures per class, or one with such folders `train` and `test` in it.
    `test` is None for a source that has no test part. Raises `DataError`.
    """
    if source == MNIST:
        return Splits(mnist.load_train(), mnist.load_test())
    images, comma, labels = source.partition(",")
    if comma:
        return Splits(load_pair(Path(images), Path(labels)), None)
    path = Path(source)
    if not path.exists():
        raise DataError(f"{source}: no such file or folder, expected {_EXPECTED}")
    return _load_folder(path) if path.is_dir() else _load_file(path)


def _load_file(path: Path) -> Splits:
    suffix = path.suffix.lower()
    if suffix == ".npz":
        return load_npz(path)
    if suffix == ".csv":
        return Splits(load_labelled_files(path) if is_labelled_files(path) else load_csv(path), None)
    if "idx" in path.name or suffix == ".gz":
        return Splits(load_pair(path, labels_path_for(path)), None)
    raise DataError(f"{path}: a file of unknown kind, expected {_EXPECTED}")


def _load_folder(folder: Path) -> Splits:
    train, test = (_idx_images(folder, part) for part in ("train", "t10k"))
    if train is None and test is None and is_labelled_files(folder / LABELS):
        return Splits(load_labelled_files(folder / LABELS), None)
    if train is None and test is None:
        return _load_classes(folder)
    return Splits(
        load_pair(train, labels_path_for(train)) if train else None,
        load_pair(test, labels_path_for(test)) if test else None,
    )


def _load_classes(folder: Path) -> Splits:
    """A folder with one folder per class, or with folders train and test of that form, as `data export` writes it."""
    parts = {part: folder / part for part in ("train", "test") if has_classes(folder / part)}
    if not parts or has_classes(folder):
        return Splits(load_folder(folder), None)
    digits = {part: replace(load_folder(path), name=f"{folder.name} {part}") for part, path in parts.items()}
    return Splits(digits.get("train"), digits.get("test"))


def _idx_images(folder: Path, part: str) -> Path | None:
    return next(iter(sorted(folder.glob(f"{part}-images*idx3-ubyte*"))), None)


def load_for_training(source: str) -> LabelledDigits:
    """The training part of `source`; MNIST's test part is not loaded. Raises `DataError` when there is none."""
    if source == MNIST:
        return mnist.load_train()
    digits = load_splits(source).train
    if digits is None:
        raise DataError(f"{source}: holds only a test part, none to train on")
    return digits


def load_for_evaluation(source: str) -> LabelledDigits:
    """The test part of `source`, or all of it where it has no parts.

    Only `evaluation.held_out` calls this; it records how often a test set was used. Raises `DataError`.
    """
    if source == MNIST:
        return mnist.load_test()
    splits = load_splits(source)
    digits = splits.test or splits.train
    if digits is None:
        raise DataError(f"{source}: holds no digits")
    return digits

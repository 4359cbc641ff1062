"""What a folder of data holds: MNIST's IDX files, Parquet or Arrow files, a table of files, or folders of classes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from inkdigits.datasets.arrow_batches import SUFFIXES
from inkdigits.datasets.arrow_table import load_arrow_files
from inkdigits.datasets.folder import has_classes, load_folder
from inkdigits.datasets.idx import labels_path_for, load_pair
from inkdigits.datasets.labelled import LabelledDigits, Splits
from inkdigits.datasets.labelled_files import LABELS, is_labelled_files, load_labelled_files
from inkdigits.datasets.npy import load_npy_folder

__all__ = ["load_folder_of_data"]

# What libraries and people call the two parts; a name earlier in its row is preferred.
_TRAIN = ("train", "training")
_TEST = ("test", "testing", "val", "valid", "validation")
# Below a data set's folder: torchvision's (MNIST/raw), and those of Hugging Face's repositories.
_IDX_FOLDERS = ("", "raw", "MNIST/raw")
_ARROW_FOLDERS = ("", "data", "mnist", *_TRAIN, *_TEST)


def load_folder_of_data(folder: Path) -> Splits:
    """Everything that `folder` holds, in the first of these layouts that fits.

    MNIST's four IDX files (in `folder`, `raw` or `MNIST/raw`); Parquet or Arrow files whose names or folders say train
    or test (in `folder`, `data` or `mnist`); .npy files named as the arrays of an npz file; a `labels.csv`; folders of
    classes, or `train` and `test` with such folders in them. Raises `DataError`.
    """
    for load in (_from_idx, _from_arrow_files, load_npy_folder, _from_labels):
        splits = load(folder)
        if splits is not None:
            return splits
    return _from_classes(folder)


def _from_idx(folder: Path) -> Splits | None:
    for below in _IDX_FOLDERS:
        train, test = (_idx_images(folder / below, part) for part in ("train", "t10k"))
        if train or test:
            return Splits(_pair(train), _pair(test))
    return None


def _idx_images(folder: Path, part: str) -> Path | None:
    """The file of pictures; torchvision keeps it both as it was downloaded and decompressed."""
    return next(iter(sorted(folder.glob(f"{part}-images*idx3-ubyte*"))), None)


def _pair(images: Path | None) -> LabelledDigits | None:
    return load_pair(images, labels_path_for(images)) if images else None


def _from_arrow_files(folder: Path) -> Splits | None:
    files = [file for below in _ARROW_FOLDERS for file in _arrow_files(folder / below)]
    if not files:
        return None
    train, test = ([file for file in files if _is_part(file, folder, names)] for names in (_TRAIN, _TEST))
    if not train and not test:
        train = files
    return Splits(
        load_arrow_files(train, f"{folder.name} train") if train else None,
        load_arrow_files(test, f"{folder.name} test") if test else None,
    )


def _arrow_files(folder: Path) -> Iterator[Path]:
    for suffix in SUFFIXES:
        yield from sorted(folder.glob(f"*{suffix}"))


def _is_part(file: Path, folder: Path, names: tuple[str, ...]) -> bool:
    """Whether the file's own name begins with one of `names`, as in train-00000-of-00001, or its folder is one."""
    return file.name.partition("-")[0].partition(".")[0] in names or (
        file.parent != folder and file.parent.name in names
    )


def _from_labels(folder: Path) -> Splits | None:
    return Splits(load_labelled_files(folder / LABELS), None) if is_labelled_files(folder / LABELS) else None


def _from_classes(folder: Path) -> Splits:
    """A folder with one folder per class, or with folders train and test of that form, as `data export` writes it."""
    parts = {
        part: next((folder / name for name in names if has_classes(folder / name)), None)
        for part, names in (("train", _TRAIN), ("test", _TEST))
    }
    if has_classes(folder) or not any(parts.values()):
        return Splits(load_folder(folder), None)
    digits = {part: replace(load_folder(path), name=f"{folder.name} {part}") for part, path in parts.items() if path}
    return Splits(digits.get("train"), digits.get("test"))

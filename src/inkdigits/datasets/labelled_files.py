"""A table of pictures' files and their labels, as `inkdigits batch --review` writes it for people to fill in."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import numpy as np

from inkdigits.datasets.labelled import CLASSES, LabelledDigits
from inkdigits.datasets.picture_file import read_digits
from inkdigits.errors import DataError

__all__ = ["LABELS", "is_labelled_files", "load_labelled_files"]

# The name of the table in a folder of pictures.
LABELS = "labels.csv"
_NEEDED = {"file", "label"}


def is_labelled_files(path: Path) -> bool:
    """Whether the CSV file `path` has columns `file` and `label`, and no pixels."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            return set(next(csv.reader(file, delimiter=_delimiter(file)), [])) >= _NEEDED
    except (OSError, UnicodeDecodeError, csv.Error):
        return False  # `load_csv` then says what is wrong


def load_labelled_files(path: Path) -> LabelledDigits:
    """Labelled digits from a CSV table with the columns `file`, relative to the table, and `label`, among others.

    Rows with an empty label are left out: they were not checked, or show no digit. Pictures of 28x28 are taken as they
    are; others go through `normalize`. Raises `DataError` that names the row or the picture.
    """
    rows = list(_filled_in(path))
    if not rows:
        raise DataError(f"{path}: no row has a label yet: fill in the column label with the digit that each file shows")
    images = read_digits([file for file, _ in rows])
    return LabelledDigits(images, np.array([label for _, label in rows], np.int64), path.parent.name or path.name)


def _delimiter(file: TextIO) -> str:
    """Where the decimal separator is a comma, spreadsheets separate cells with semicolons."""
    header = file.readline()
    file.seek(0)
    return ";" if header.count(";") > header.count(",") else ","


def _filled_in(path: Path) -> Iterator[tuple[Path, int]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            for number, row in enumerate(csv.DictReader(file, delimiter=_delimiter(file)), start=2):
                label = (row["label"] or "").strip()
                if not label:
                    continue
                # The length first, since `int` refuses thousands of digits.
                if not label.isdecimal() or len(label) > 3 or int(label) >= CLASSES:
                    raise DataError(f"{path}: row {number}, label {label[:40]!r}, expected a digit 0 to 9 or nothing")
                yield path.parent / (row["file"] or ""), int(label)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read as a CSV text: {error}") from error

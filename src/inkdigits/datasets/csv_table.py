"""CSV with one picture per row, a label and 784 pixels, with or without a header (as Kaggle and pjreddie have it)."""

from __future__ import annotations

import csv
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.errors import DataError

__all__ = ["load_csv", "load_csv_pictures"]

PIXELS = 28 * 28
COLUMNS = 1 + PIXELS


def load_csv(path: Path) -> LabelledDigits:
    """Labelled digits from a CSV file. Raises `DataError` that names row and column of the first bad cell."""
    table = _table(path, COLUMNS)
    if table.size == 0:
        raise DataError(f"{path}: no pictures in it, expected rows of a label and {PIXELS} pixels")
    return LabelledDigits(_pictures(table), table[:, 0].astype(np.int64), path.name)


def load_csv_pictures(path: Path) -> NDArray[np.uint8]:
    """Pictures uint8 (n, 28, 28) from a CSV file of 784 pixels per row; a label before them is ignored.

    Raises `DataError` that names row and column of the first bad cell.
    """
    return _pictures(_table(path, PIXELS))


def _pictures(table: NDArray[np.float32]) -> NDArray[np.uint8]:
    return table[:, -PIXELS:].astype(np.uint8).reshape(-1, 28, 28)


def _table(path: Path, columns: int) -> NDArray[np.float32]:
    """The checked numbers of rows of `columns` cells, or of 785 with a label first."""
    header = _has_header(path)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "loadtxt: input contained no data")
            table = np.loadtxt(path, np.float32, delimiter=",", skiprows=int(header), ndmin=2, encoding="utf-8-sig")
    except (ValueError, UnicodeDecodeError) as error:
        raise _first_bad_cell(path, header, columns, error) from error
    if table.size and table.shape[1] not in (columns, COLUMNS):
        raise DataError(f"{path}: {table.shape[1]} columns, expected {_ROWS[columns]}")
    _check_cells(table, path, header)
    return table


def _has_header(path: Path) -> bool:
    """Whether the first row starts with text instead of numbers, as in `label,pixel0,…` (Kaggle) or `label,1x1,…`."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            cells = next(csv.reader(file), [])
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read as a CSV text: {error}") from error
    return bool(cells) and not _is_number(cells[0]) and not any(_is_number(cell) for cell in cells[:2])


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _check_cells(table: NDArray[np.float32], path: Path, header: bool) -> None:
    labelled = table.shape[1] == COLUMNS
    limits = np.full(table.shape[1], 255.0)
    limits[: int(labelled)] = 9.0
    with np.errstate(invalid="ignore"):
        good = (table >= 0) & (table <= limits) & (table == np.floor(table))
    if good.all():
        return
    row, column = (int(i) for i in np.argwhere(~good)[0])
    expected = "a label 0 to 9" if labelled and column == 0 else "a whole number 0 to 255"
    raise _cell_error(path, row + 1 + header, column + 1, f"{table[row, column]:g}", expected)


def _first_bad_cell(path: Path, header: bool, columns: int, error: Exception) -> DataError:
    """The error that names the cell at which NumPy's parser failed, found by reading the file again."""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        for number, line in enumerate(file, start=1):
            # Split at commas, as NumPy does; the csv module refuses long cells.
            cells = line.rstrip("\n").split(",") if line.strip() else []
            if number == 1 and header:
                continue
            if cells and len(cells) not in (columns, COLUMNS):
                return DataError(f"{path}: row {number} has {len(cells)} cells, expected {_ROWS[columns]}")
            for column, cell in enumerate(cells, start=1):
                if not _is_number(cell):
                    return _cell_error(path, number, column, repr(cell[:40]), "a whole number")
    return DataError(f"{path}: not a CSV of numbers: {error}")


_ROWS = {
    COLUMNS: f"{COLUMNS} (a label and the {PIXELS} pixels of a 28x28 picture)",
    PIXELS: f"{PIXELS} (the pixels of a 28x28 picture), or {COLUMNS} (a label before them)",
}


def _cell_error(path: Path, row: int, column: int, found: str, expected: str) -> DataError:
    return DataError(f"{path}: row {row}, column {column} holds {found}, expected {expected}")

"""CSV with one picture per row, a label and 784 pixels, with or without a header (as Kaggle and OpenML have it).

A header says which column is which. Without one the label stands before the pixels or after, as the numbers tell.
"""

from __future__ import annotations

import csv
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets.labelled import CLASSES, LabelledDigits
from inkdigits.datasets.table_columns import PIXELS, TableColumns, named_columns
from inkdigits.errors import DataError

__all__ = ["load_csv", "load_csv_pictures"]

COLUMNS = 1 + PIXELS


@dataclass(frozen=True)
class _Form:
    """How a file separates its cells, and its header, if it has one. A `header` of numbers alone names nothing."""

    delimiter: str
    header: bool
    names: tuple[str, ...]


def load_csv(path: Path) -> LabelledDigits:
    """Labelled digits from a CSV file. Raises `DataError` that names the column, or the first bad cell."""
    form = _form(path)
    table = _table(path, form, COLUMNS)
    if table.size == 0:
        raise DataError(f"{path}: no pictures in it, expected rows of a label and {PIXELS} pixels")
    columns = named_columns(form.names, str(path)) if form.names else _guessed_columns(table, path)
    if columns.label is None:
        raise DataError(f"{path}: its header names no column of labels: name it label")
    _check_cells(table, path, form, columns)
    return LabelledDigits(_pictures(table, columns), table[:, columns.label].astype(np.int64), path.name)


def load_csv_pictures(path: Path) -> NDArray[np.uint8]:
    """Pictures uint8 (n, 28, 28) from a CSV file of 784 pixels per row; a label beside them is ignored.

    Raises `DataError` that names the column, or row and column of the first bad cell.
    """
    form = _form(path)
    table = _table(path, form, PIXELS)
    if table.size == 0:
        return np.empty((0, 28, 28), np.uint8)
    if form.names:
        columns = named_columns(form.names, str(path))
    elif table.shape[1] == PIXELS:
        columns = TableColumns(None, np.arange(PIXELS))
    else:
        columns = _guessed_columns(table, path)
    _check_cells(table, path, form, columns)
    return _pictures(table, columns)


def _pictures(table: NDArray[np.float32], columns: TableColumns) -> NDArray[np.uint8]:
    return table[:, columns.pixels].astype(np.uint8).reshape(-1, 28, 28)


def _form(path: Path) -> _Form:
    """Raises `DataError` where the first row cannot be read."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            delimiter = max(",;\t", key=file.readline().count)
            file.seek(0)
            cells = next(csv.reader(file, delimiter=delimiter), [])
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read as a CSV text: {error}") from error
    # As pandas numbers columns that have no names.
    if len(cells) > CLASSES and cells == [str(number) for number in range(len(cells))]:
        return _Form(delimiter, True, ())
    header = bool(cells) and sum(map(_is_number, cells)) < len(cells) / 2
    return _Form(delimiter, header, tuple(cells) if header else ())


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _table(path: Path, form: _Form, columns: int) -> NDArray[np.float32]:
    """The numbers of rows of `columns` cells, or of 785; whether they can be pixels is not checked."""
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "loadtxt: input contained no data")
            table = np.loadtxt(
                path,
                np.float32,
                delimiter=form.delimiter,
                skiprows=int(form.header),
                ndmin=2,
                encoding="utf-8-sig",
                quotechar='"',
            )
    except (ValueError, UnicodeDecodeError) as error:
        if form.names:
            named_columns(form.names, str(path))  # names a column of something else
        raise _first_bad_cell(path, form, columns, error) from error
    if table.size and not form.names and table.shape[1] not in (columns, COLUMNS):
        raise DataError(f"{path}: {table.shape[1]} columns, expected {_ROWS[columns]}")
    return table


def _guessed_columns(table: NDArray[np.float32], path: Path) -> TableColumns:
    """The label first or last in 785 columns without names: corners of pictures are empty, labels differ."""
    first, last = TableColumns(0, np.arange(1, COLUMNS)), TableColumns(PIXELS, np.arange(PIXELS))
    in_front, behind = table[:, 0], table[:, -1]
    differ_in_front, differ_behind = (bool((column != column[0]).any()) for column in (in_front, behind))
    if not _may_be_labels(behind) or not (differ_behind or behind[0]):
        return first
    if not _may_be_labels(in_front):
        return last
    if differ_in_front == differ_behind:
        raise DataError(
            f"{path}: its first and its last column may both be the labels: add a header that names one of them label"
        )
    return first if differ_in_front else last


def _may_be_labels(column: NDArray[np.float32]) -> bool:
    return bool(((column >= 0) & (column < CLASSES) & (column == np.floor(column))).all())


def _check_cells(table: NDArray[np.float32], path: Path, form: _Form, columns: TableColumns) -> None:
    limits = np.full(table.shape[1], 255.0)
    if columns.label is not None:
        limits[columns.label] = CLASSES - 1
    with np.errstate(invalid="ignore"):
        good = (table >= 0) & (table <= limits) & (table == np.floor(table))
    if good.all():
        return
    row, column = (int(i) for i in np.argwhere(~good)[0])
    expected = "a label 0 to 9" if column == columns.label else "a whole number 0 to 255"
    raise _cell_error(path, row + 1 + form.header, column + 1, f"{table[row, column]:g}", expected)


def _first_bad_cell(path: Path, form: _Form, columns: int, error: Exception) -> DataError:
    """The error that names the cell at which NumPy's parser failed, found by reading the file again."""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        for number, line in enumerate(file, start=1):
            # Split as NumPy does; the csv module refuses long cells.
            cells = line.rstrip("\n").split(form.delimiter) if line.strip() else []
            if number == 1 and form.header:
                continue
            if cells and len(cells) not in (columns, COLUMNS):
                return DataError(f"{path}: row {number} has {len(cells)} cells, expected {_ROWS[columns]}")
            for column, cell in enumerate(cells, start=1):
                if not _is_number(cell.strip().strip('"')):
                    return _cell_error(path, number, column, repr(cell[:40]), "a whole number")
    return DataError(f"{path}: not a CSV of numbers: {error}")


_ROWS = {
    COLUMNS: f"{COLUMNS} (a label and the {PIXELS} pixels of a 28x28 picture)",
    PIXELS: f"{PIXELS} (the pixels of a 28x28 picture), or {COLUMNS} (a label beside them)",
}


def _cell_error(path: Path, row: int, column: int, found: str, expected: str) -> DataError:
    return DataError(f"{path}: row {row}, column {column} holds {found}, expected {expected}")

"""Parquet and Arrow files: a picture's bytes and a label in each row, as Hugging Face has it, or a column per pixel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets.array_pictures import highest_value, labels_of, numbers_of, pictures_of
from inkdigits.datasets.arrow_batches import tables_in
from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.datasets.large_arrays import gathered
from inkdigits.datasets.picture_file import read_digit
from inkdigits.datasets.table_columns import LABEL_NAMES, PIXELS, named_columns
from inkdigits.errors import DataError, require_extra

__all__ = ["load_arrow_files"]

_PICTURES = ("image", "img", "picture", "pixels", "x")
Labels = list[NDArray[np.int64]]


def load_arrow_files(files: Sequence[Path], name: str) -> LabelledDigits:
    """Labelled digits from the rows of all `files`, Parquet or Arrow, in their order; `name` is that of the digits.

    The column of pictures is named image, img, picture, pixels or x and holds files of pictures (as bytes, or a struct
    of bytes and path) or numbers; without it every pixel has a column of its own. The rows are read a few at a time.
    Raises `MissingExtraError` without PyArrow, `DataError` that names file and row for what cannot be read.
    """
    require_extra("pyarrow", "parquet", f"{files[0]}, a Parquet or Arrow file,")
    labels: Labels = []
    images = gathered(pictures for path in files for pictures in _pictures_in(path, labels))
    return LabelledDigits(images, np.concatenate(labels), name)


def _pictures_in(path: Path, labels: Labels) -> Iterator[NDArray[np.uint8]]:
    """The pictures of the file `path`, some rows at a time; those rows' labels are appended to `labels`."""
    first, high = 0, None
    for table in tables_in(path):
        label = _label_column(path, table)
        pixels, where = _pixels(path, table, first)
        if pixels.dtype.kind == "f" and high is None:
            # Whether floats end at 1 or 255 shows in all rows, not in these.
            high = highest_value((_pixels(path, other, 0)[0] for other in tables_in(path)), where)
        labels.append(labels_of(_values(table[label]), f"{path}, {label}{f', from row {first}' if first else ''}"))
        yield pictures_of(pixels, where, high)
        first += table.num_rows
    if first == 0:
        raise DataError(f"{path}: no pictures in it, expected at least one row")


def _label_column(path: Path, table: Any) -> str:
    labels: list[str] = [name for name in table.column_names if name.lower() in LABEL_NAMES]
    if len(labels) != 1:
        raise DataError(f"{path}: expected one column of labels, named label, found columns {table.column_names}")
    return labels[0]


def _pixels(path: Path, table: Any, first: int) -> tuple[NDArray[Any], str]:
    """Numbers (n, ...), one for each pixel of the rows, the first of which is row `first`; and where they stand."""
    name = next((name for name in table.column_names if name.lower() in _PICTURES), None)
    if name is not None:
        return _from_column(path, name, table[name], first), f"{path}, {name}"
    columns = named_columns(table.column_names, str(path))
    return np.stack([_values(table.column(int(place))) for place in columns.pixels], axis=1), str(path)


def _values(column: Any) -> NDArray[Any]:
    values: NDArray[Any] = column.to_numpy(zero_copy_only=False)
    return values


def _from_column(path: Path, name: str, column: Any, first: int) -> NDArray[Any]:
    flat = _flat_lists(column)
    if flat is not None:
        return flat
    rows = column.to_pylist()
    if isinstance(rows[0], list):
        return numbers_of(rows, f"{path}, {name}")
    if not isinstance(rows[0], bytes | dict):
        raise DataError(f"{path}: column {name!r} holds {column.type}, expected files of pictures, or lists of numbers")
    return np.stack([_digit(path, f"{path}, row {number}", row) for number, row in enumerate(rows, first)])


def _flat_lists(column: Any) -> NDArray[Any] | None:
    """Lists of 784 numbers as (n, 784), without a Python object for each; None for anything else."""
    from pyarrow import compute, types

    lists = types.is_list(column.type) or types.is_large_list(column.type) or types.is_fixed_size_list(column.type)
    if not lists or not types.is_primitive(column.type.value_type) or column.null_count:
        return None
    values = column.combine_chunks().flatten()
    if values.null_count or not compute.all(compute.equal(compute.list_value_length(column), PIXELS)).as_py():
        return None
    return _values(values).reshape(-1, PIXELS)


def _digit(path: Path, where: str, row: bytes | dict[str, Any] | None) -> NDArray[np.uint8]:
    """The digit of one row; a struct without bytes names a file beside the table."""
    found: bytes | Path | None = row if isinstance(row, bytes) else None
    if isinstance(row, dict):
        found = row.get("bytes") or (path.parent / row["path"] if row.get("path") else None)
    if found is None:
        raise DataError(f"{where}: no picture in it")
    return read_digit(found, where)[0]

"""Parquet and Arrow files: a picture's bytes and a label in each row, as Hugging Face has it, or a column per pixel."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets.array_pictures import labels_of, pictures_of
from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.datasets.picture_file import read_digit
from inkdigits.datasets.table_columns import LABEL_NAMES, named_columns
from inkdigits.errors import DataError, one_line, require_extra

__all__ = ["SUFFIXES", "load_arrow_files"]

SUFFIXES = (".parquet", ".arrow")
_PICTURES = ("image", "img", "picture", "pixels", "x")


def load_arrow_files(files: Sequence[Path], name: str) -> LabelledDigits:
    """Labelled digits from the rows of all `files`, Parquet or Arrow, in their order; `name` is that of the digits.

    The column of pictures is named image, img, picture, pixels or x and holds files of pictures (as bytes, or a struct
    of bytes and path) or numbers; without it every pixel has a column of its own. Raises `MissingExtraError` without
    PyArrow, `DataError` that names file and row for what cannot be read.
    """
    require_extra("pyarrow", "parquet", f"{files[0]}, a Parquet or Arrow file,")
    parts = [_digits(path, _read(path)) for path in files]
    return LabelledDigits(
        np.concatenate([images for images, _ in parts]), np.concatenate([labels for _, labels in parts]), name
    )


def _read(path: Path) -> Any:
    import pyarrow
    from pyarrow import ipc, parquet

    try:
        if path.suffix == ".parquet":
            return parquet.ParquetFile(path).read()
        with pyarrow.OSFile(str(path)) as file:
            magic = file.read(6)
            file.seek(0)
            return (ipc.open_file if magic == b"ARROW1" else ipc.open_stream)(file).read_all()
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(f"{path}: damaged, or not a {path.suffix[1:]} file ({one_line(error)})") from error


def _digits(path: Path, table: Any) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    labels = [name for name in table.column_names if name.lower() in LABEL_NAMES]
    if len(labels) != 1:
        raise DataError(f"{path}: expected one column of labels, named label, found columns {table.column_names}")
    if table.num_rows == 0:
        raise DataError(f"{path}: no pictures in it, expected at least one row")
    pictures = next((name for name in table.column_names if name.lower() in _PICTURES), None)
    images = _pixel_columns(path, table) if pictures is None else _pictures(path, pictures, table[pictures])
    return images, labels_of(_values(table[labels[0]]), f"{path}, {labels[0]}")


def _pixel_columns(path: Path, table: Any) -> NDArray[np.uint8]:
    columns = named_columns(table.column_names, str(path))
    pixels = np.stack([_values(table.column(int(place))) for place in columns.pixels], axis=1)
    return pictures_of(pixels, str(path))


def _values(column: Any) -> NDArray[Any]:
    values: NDArray[Any] = column.to_numpy()
    return values


def _pictures(path: Path, name: str, column: Any) -> NDArray[np.uint8]:
    rows = column.to_pylist()
    first = rows[0]
    if isinstance(first, list):
        return pictures_of(rows, f"{path}, {name}")
    if not isinstance(first, bytes | dict):
        raise DataError(f"{path}: column {name!r} holds {column.type}, expected files of pictures, or lists of numbers")
    return np.stack([_digit(path, f"{path}, row {number}", row) for number, row in enumerate(rows)])


def _digit(path: Path, where: str, row: bytes | dict[str, Any] | None) -> NDArray[np.uint8]:
    """The digit of one row; a struct without bytes names a file beside the table."""
    found: bytes | Path | None = row if isinstance(row, bytes) else None
    if isinstance(row, dict):
        found = row.get("bytes") or (path.parent / row["path"] if row.get("path") else None)
    if found is None:
        raise DataError(f"{where}: no picture in it")
    return read_digit(found, where)[0]

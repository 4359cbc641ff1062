"""CSV tables of pixels: with and without a header, and every bad cell named by row and column."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from inkdigits.datasets.csv_table import load_csv, load_csv_pictures
from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.errors import DataError
from tests.datasets.flipped_bits import messages_of_flipped_bits


def _write_csv(path: Path, digits: LabelledDigits, header: str = "") -> Path:
    table = np.column_stack([digits.labels, digits.images.reshape(len(digits), -1)])
    np.savetxt(path, table, "%d", delimiter=",", header=header, comments="")
    return path


@pytest.mark.parametrize("header", ["", "label," + ",".join(f"pixel{i}" for i in range(784))])
def test_csv_with_and_without_header(tmp_path: Path, three_digits: LabelledDigits, header: str) -> None:
    assert load_csv(_write_csv(tmp_path / "x.csv", three_digits, header)).sha256 == three_digits.sha256


@pytest.mark.parametrize("header", ["", "label," + ",".join(f"pixel{i}" for i in range(784))])
@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("ink", "row {row}, column 4 holds 'ink', expected a whole number"),
        ("nan", "row {row}, column 4 holds nan"),
        ("256", "row {row}, column 4 holds 256, expected a whole number 0 to 255"),
        ("0.5", "row {row}, column 4 holds 0.5"),
        ("", "row {row}, column 4 holds ''"),
    ],
)
def test_a_bad_csv_cell_is_named(
    tmp_path: Path, three_digits: LabelledDigits, header: str, cell: str, message: str
) -> None:
    path = _write_csv(tmp_path / "x.csv", three_digits, header)
    lines = path.read_text().splitlines()
    row = 2 + bool(header)
    cells = lines[row - 1].split(",")
    cells[3] = cell
    lines[row - 1] = ",".join(cells)
    path.write_text("\n".join(lines))
    with pytest.raises(DataError, match=message.format(row=row)):
        load_csv(path)


def test_csv_pictures_of_another_size(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("1," + ",".join(["0"] * 64) + "\n")
    with pytest.raises(DataError, match="65 columns, expected 785"):
        load_csv(tmp_path / "x.csv")


def test_csv_with_a_short_row(tmp_path: Path, three_digits: LabelledDigits) -> None:
    path = _write_csv(tmp_path / "x.csv", three_digits)
    path.write_text(path.read_text() + "1,2,3\n")
    with pytest.raises(DataError, match="row 4 has 3 cells, expected 785"):
        load_csv(path)


@pytest.mark.parametrize("content", ["", "\n\n", "label,pixel0\n"])
def test_an_empty_csv(tmp_path: Path, content: str) -> None:
    (tmp_path / "x.csv").write_text(content)
    with pytest.raises(DataError, match="no pictures in it"):
        load_csv(tmp_path / "x.csv")


def test_a_csv_label_outside_the_digits(tmp_path: Path, three_digits: LabelledDigits) -> None:
    path = _write_csv(tmp_path / "x.csv", three_digits)
    path.write_text(path.read_text().replace("7,", "12,", 1))
    with pytest.raises(DataError, match="row 2, column 1 holds 12, expected a label 0 to 9"):
        load_csv(path)


@pytest.mark.parametrize("first", ["label,", "1,"])
def test_a_text_cell_longer_than_a_parser_takes_is_named(tmp_path: Path, first: str) -> None:
    (tmp_path / "x.csv").write_text("1," + "0," * 783 + "0\n" + first + "7" * 200_000 + "x," + "0," * 782 + "0\n")
    with pytest.raises(DataError, match=r"x\.csv: row 2, column . holds '.{1,60}', expected a whole number$"):
        load_csv(tmp_path / "x.csv")


@pytest.mark.parametrize("load", [load_csv, load_csv_pictures])
def test_flipped_bits_are_one_line(
    tmp_path: Path, three_digits: LabelledDigits, load: Callable[[Path], object]
) -> None:
    messages = messages_of_flipped_bits(_write_csv(tmp_path / "digits.csv", three_digits), load)
    assert [line for line in messages if "digits.csv" not in line or "\n" in line] == []

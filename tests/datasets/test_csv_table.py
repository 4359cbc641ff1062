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


NAMES = [f"pixel{number}" for number in range(784)]


def _random_digits() -> LabelledDigits:
    random = np.random.default_rng(0)
    images = random.integers(10, 256, (12, 28, 28)).astype(np.uint8)
    images[:, :, -1] = images[:, :, 0] = 0
    return LabelledDigits(images, random.permutation(12).astype(np.int64) % 10, "random")


def _write_columns(path: Path, digits: LabelledDigits, order: list[int], header: list[str] | None) -> Path:
    """The label (column 0) and the pixels (1 to 784) in another order."""
    table = np.column_stack([digits.labels, digits.images.reshape(len(digits), -1)])[:, order]
    lines = ([",".join(header)] if header else []) + [",".join(map(str, row)) for row in table.tolist()]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize("label", ["label", "class", "Target", " digit ", "y"])
@pytest.mark.parametrize("place", ["first", "last", "middle"])
@pytest.mark.parametrize("pixels", [NAMES, [f"{r}x{c}" for r in range(1, 29) for c in range(1, 29)]])
def test_a_header_says_where_the_label_is(tmp_path: Path, label: str, place: str, pixels: list[str]) -> None:
    digits = _random_digits()
    order = list(range(1, 785))
    order.insert({"first": 0, "last": 784, "middle": 300}[place], 0)
    header = [([label, *pixels])[column] for column in order]
    path = _write_columns(tmp_path / "x.csv", digits, order, header)
    assert load_csv(path).sha256 == digits.sha256
    np.testing.assert_array_equal(load_csv_pictures(path), digits.images)


def test_pixels_are_ordered_by_their_numbers(tmp_path: Path) -> None:
    digits = _random_digits()
    names = ["label", *NAMES]
    order = sorted(range(785), key=names.__getitem__)  # as text: pixel10 before pixel2
    path = _write_columns(tmp_path / "x.csv", digits, order, [names[column] for column in order])
    assert load_csv(path).sha256 == digits.sha256


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("numbered", [False, True])
def test_without_names_the_numbers_tell(tmp_path: Path, delimiter: str, last: bool, numbered: bool) -> None:
    digits = _random_digits()
    order = [*range(1, 785), 0] if last else list(range(785))
    path = _write_columns(tmp_path / "x.csv", digits, order, list(map(str, range(785))) if numbered else None)
    path.write_text(path.read_text().replace(",", delimiter))
    assert load_csv(path).sha256 == digits.sha256


def test_labels_that_could_be_first_or_last_are_not_guessed(tmp_path: Path) -> None:
    digits = _random_digits()
    digits.images[:, -1, -1] = np.arange(12) % 10
    path = _write_columns(tmp_path / "x.csv", digits, list(range(785)), None)
    with pytest.raises(DataError, match="may both be the labels: add a header"):
        load_csv(path)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["label", *NAMES, "weight"], r"column 786 is named 'weight', expected label or a pixel"),
        (["", "label", *NAMES], r"column 1 is named '', expected label"),
        (["id7", "label", *NAMES], r"column 1 is named 'id7', expected label"),
        (["label", "class", *NAMES], "two columns of labels, 'label' and 'class'"),
        (["kind", *NAMES], "column 1 is named 'kind', expected label .* name it label"),
        (NAMES, "names no column of labels"),
        (["label", *NAMES[:-1]], "783 columns of pixels, expected 784"),
        (["label", *NAMES[:-1], "pixel9"], "column 12 is named 'pixel9', where another|column 785 is named 'pixel9'"),
    ],
)
def test_a_column_that_cannot_be_is_named(tmp_path: Path, names: list[str], message: str) -> None:
    rows = [["7"] * len(names)] * 3
    (tmp_path / "x.csv").write_text("\n".join(",".join(row) for row in [names, *rows]))
    with pytest.raises(DataError, match=message):
        load_csv(tmp_path / "x.csv")

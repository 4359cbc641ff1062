"""What may stand after `--data`, and how each kind fails."""

from __future__ import annotations

import errno
import gzip
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inkdigits.datasets import mnist
from inkdigits.datasets.csv_table import load_csv
from inkdigits.datasets.folder import load_folder, save_folder, save_parts
from inkdigits.datasets.labelled import LabelledDigits, Splits
from inkdigits.datasets.npz import load_npz, save_npz
from inkdigits.datasets.source import load_for_evaluation, load_for_training, load_splits
from inkdigits.errors import DataError, OutputError

MNIST_FILES = Path(mnist.__file__).parent / "mnist_files"


def _write_csv(path: Path, digits: LabelledDigits, header: str = "") -> Path:
    table = np.column_stack([digits.labels, digits.images.reshape(len(digits), -1)])
    np.savetxt(path, table, "%d", delimiter=",", header=header, comments="")
    return path


def test_npz_round_trip(tmp_path: Path, small: Splits) -> None:
    save_npz(tmp_path / "mnist.npz", small)
    loaded = load_npz(tmp_path / "mnist.npz")
    assert loaded.train is not None
    assert loaded.test is not None
    assert small.train is not None
    assert small.test is not None
    assert (loaded.train.sha256, loaded.test.sha256) == (small.train.sha256, small.test.sha256)


def test_npz_with_pickles_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "evil.npz", x_train=np.array([{"a": 1}], object), y_train=np.zeros(1, np.int64))
    with pytest.raises(DataError, match="plain arrays"):
        load_npz(tmp_path / "evil.npz")


@pytest.mark.parametrize("flip", [0, 3000, 100_000])
def test_a_flipped_byte_in_an_npz_is_found(tmp_path: Path, small_npz: Path, flip: int) -> None:
    content = bytearray(small_npz.read_bytes())
    content[flip] ^= 0xFF
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"x\.npz"):
        load_npz(tmp_path / "x.npz")


@pytest.mark.parametrize("cut", [1, 7, 5000])
def test_a_truncated_npz_is_found(tmp_path: Path, small_npz: Path, cut: int) -> None:
    (tmp_path / "x.npz").write_bytes(small_npz.read_bytes()[:-cut])
    with pytest.raises(DataError, match=r"x\.npz"):
        load_npz(tmp_path / "x.npz")


def test_npz_without_its_labels(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x_train=np.zeros((1, 28, 28), np.uint8))
    with pytest.raises(DataError, match="no array y_train"):
        load_npz(tmp_path / "x.npz")


def test_npz_of_float_pixels_with_nan(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x_train=np.full((1, 28, 28), np.nan), y_train=np.zeros(1, np.int64))
    with pytest.raises(DataError, match="expected pictures as uint8"):
        load_npz(tmp_path / "x.npz")


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


def test_folder_round_trip_takes_28x28_as_they_are(tmp_path: Path, three_digits: LabelledDigits) -> None:
    save_folder(tmp_path / "digits", three_digits)
    loaded = load_folder(tmp_path / "digits")
    assert loaded.labels.tolist() == [1, 1, 7]
    np.testing.assert_array_equal(loaded.images, three_digits.images[[0, 2, 1]])


def test_both_parts_of_a_folder_of_pictures_are_written_or_neither(
    tmp_path: Path, three_digits: LabelledDigits, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts, save, saved = {"train": three_digits, "test": three_digits}, Image.Image.save, []

    def until_the_disk_is_full(picture: Image.Image, path: Path) -> None:
        saved.append(path)
        if len(saved) == 5:
            raise OSError(errno.ENOSPC, "No space left on device")
        save(picture, path)

    monkeypatch.setattr(Image.Image, "save", until_the_disk_is_full)
    with pytest.raises(OutputError, match=f"cannot write {tmp_path}/out: the disk is full"):
        save_parts(tmp_path / "out", parts)
    assert list(tmp_path.iterdir()) == []
    save_parts(tmp_path / "out", parts)
    assert len(list((tmp_path / "out").glob("t*/*/*.png"))) == 6


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "1", "P", "I;16"])
def test_folder_pictures_of_another_size_are_normalized(tmp_path: Path, mode: str) -> None:
    ink = np.full((90, 70), 250, np.uint8)
    ink[20:70, 30:40] = 10
    picture = Image.fromarray(ink)
    if mode == "I;16":
        picture = Image.fromarray(ink.astype(np.uint16) * 257)
    elif mode == "RGBA":
        alpha = Image.fromarray(np.where(ink < 100, 255, 0).astype(np.uint8))
        picture = Image.merge("RGBA", [Image.new("L", picture.size, 0)] * 3 + [alpha])
    else:
        picture = picture.convert(mode)
    (tmp_path / "1").mkdir()
    picture.save(tmp_path / "1" / "one.png")
    image = load_folder(tmp_path).images[0]
    assert image[0].max() == 0
    assert image[8:20, 13:15].min() > 150


def test_light_ink_on_transparent_paper(tmp_path: Path) -> None:
    alpha = np.zeros((60, 60), np.uint8)
    alpha[10:50, 25:33] = 255
    (tmp_path / "1").mkdir()
    Image.merge("LA", [Image.new("L", (60, 60), 255), Image.fromarray(alpha)]).save(tmp_path / "1" / "one.png")
    assert load_folder(tmp_path).images[0][8:20, 13:15].min() > 150


def test_an_unreadable_picture_is_named(tmp_path: Path, three_digits: LabelledDigits) -> None:
    save_folder(tmp_path / "digits", three_digits)
    (tmp_path / "digits" / "7" / "broken.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"7/broken\.png: not a picture"):
        load_folder(tmp_path / "digits")


def test_a_truncated_picture_is_named(tmp_path: Path, small: Splits) -> None:
    assert small.train is not None
    save_folder(tmp_path / "digits", small.train.take(slice(0, 3)))
    file = next((tmp_path / "digits").rglob("*.png"))
    file.write_bytes(file.read_bytes()[:-60])
    with pytest.raises(DataError, match=file.name):
        load_folder(tmp_path / "digits")


def test_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="expected folders named 0 to 9"):
        load_splits(str(tmp_path))


def test_mnist_files_in_a_folder_or_one_by_one(tmp_path: Path) -> None:
    for name in ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"):
        shutil.copyfile(MNIST_FILES / f"{name}.gz", tmp_path / f"{name}.gz")
    expected = mnist.load_test().sha256
    assert load_for_evaluation(str(tmp_path)).sha256 == expected
    images = tmp_path / "t10k-images-idx3-ubyte.gz"
    assert load_for_evaluation(str(images)).sha256 == expected
    assert load_for_evaluation(f"{images},{tmp_path / 't10k-labels-idx1-ubyte.gz'}").sha256 == expected
    with pytest.raises(DataError, match="none to train on"):
        load_for_training(str(tmp_path))


def test_training_never_touches_the_test_files(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    original = gzip.decompress
    monkeypatch.setattr(mnist, "load_test", lambda: pytest.fail("the test set was opened"))
    monkeypatch.setattr(gzip, "decompress", lambda content: (opened.append("x"), original(content))[1])
    assert len(load_for_training("mnist")) == 60000
    assert len(opened) == 2


@pytest.mark.parametrize("source", ["no/such/file.npz", "nothing.here"])
def test_a_source_that_is_not_there(source: str) -> None:
    with pytest.raises(DataError, match="no such file"):
        load_splits(source)


def test_a_file_of_unknown_kind(tmp_path: Path) -> None:
    (tmp_path / "x.docx").write_text("hello")
    with pytest.raises(DataError, match=r"unknown kind, expected mnist, IMAGES,LABELS"):
        load_splits(str(tmp_path / "x.docx"))

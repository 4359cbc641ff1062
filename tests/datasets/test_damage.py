"""Files with flipped bits, of every kind that is read: they load, or one line says what is wrong. Never a traceback."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inkdigits.datasets.csv_table import load_csv, load_csv_pictures
from inkdigits.datasets.folder import PICTURE_SUFFIXES, read_digit
from inkdigits.datasets.labelled import LabelledDigits, Splits
from inkdigits.datasets.npz import load_npz, save_npz
from inkdigits.datasets.unlabelled import load_pictures
from inkdigits.errors import DataError, RunError
from inkdigits.training.checkpoint import Checkpoint, Progress, latest_checkpoint, save_checkpoint


def _written(path: Path, digits: LabelledDigits) -> bytes:
    if path.suffix == ".npz":
        save_npz(path, Splits(digits, None))
    elif path.suffix == ".csv":
        table = np.column_stack([digits.labels, digits.images.reshape(len(digits), -1)])
        np.savetxt(path, table, "%d", delimiter=",")
    else:
        Image.fromarray(digits.images[0]).resize((40, 40)).save(path)
    return path.read_bytes()


def _read(path: Path) -> object:
    if path.suffix == ".csv":
        return load_csv(path), load_csv_pictures(path)
    return (load_npz(path), load_pictures(path)) if path.suffix == ".npz" else read_digit(path)


@pytest.mark.parametrize("suffix", [".npz", ".csv", *sorted(PICTURE_SUFFIXES)])
def test_flipped_bits_are_one_line(tmp_path: Path, three_digits: LabelledDigits, suffix: str) -> None:
    path = tmp_path / f"digits{suffix}"
    content = _written(path, three_digits)
    rng, told = random.Random(suffix), []
    for _ in range(150):
        damaged = bytearray(content)
        for _ in range(rng.choice([1, 1, 3, 12])):
            # The first bytes say what the rest is, so they are worth most.
            damaged[rng.randrange(rng.choice([len(content), min(len(content), 200)]))] ^= 1 << rng.randrange(8)
        path.write_bytes(damaged)
        try:
            _read(path)
        except DataError as error:
            told.append(str(error))
    assert told
    assert [line for line in told if path.name not in line or "\n" in line] == []


def _zip(member: str, header: bytes, compression: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        archive.writestr(member, header)
    return file.getvalue()


def _npy(described: str) -> bytes:
    text = described.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


def _patched(place: int, value: int) -> bytes:
    """A zip file with a field of both its headers changed; `place` is the field's in the first."""
    content = bytearray(_zip("x_train.npy", _npy("{'descr': '|u1', 'fortran_order': False, 'shape': (0,), }")))
    content[place] = value
    content[content.index(b"PK\x01\x02") + place + 2] = value
    return bytes(content)


DAMAGES = {
    "another compression": _patched(8, 99),
    "a password": _patched(6, 1),
    "a header that is no Python": _zip("x_train.npy", _npy("{'descr': (")),
    "a petabyte": _zip("x_train.npy", _npy("{'descr': '|u1', 'fortran_order': False, 'shape': (1000000000000000,), }")),
    "a size beyond all": _zip(
        "x_train.npy", _npy("{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,), }")
    ),
    "text in an array's place": _zip("x_train", b"hello"),
    "an array without a name": np.lib.format.magic(1, 0) + b"\x00",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_an_npz_that_makes_numpy_raise_anything(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "x.npz"
    path.write_bytes(DAMAGES[damage])
    readers: tuple[Callable[[Path], object], ...] = (load_npz, load_pictures)
    for reader in readers:
        with pytest.raises(DataError, match=r"x\.npz: .*plain arrays") as told:
            reader(path)
        assert "\n" not in str(told.value)
    save_checkpoint(tmp_path / "checkpoints", Checkpoint(Progress(best_loss=1.0)))
    (tmp_path / "checkpoints" / "epoch-00000" / "arrays.npz").write_bytes(DAMAGES[damage])
    with pytest.raises(RunError, match="a damaged checkpoint"):
        latest_checkpoint(tmp_path / "checkpoints")


@pytest.mark.parametrize("first", ["label,", "1,"])
def test_a_text_cell_longer_than_a_parser_takes_is_named(tmp_path: Path, first: str) -> None:
    (tmp_path / "x.csv").write_text("1," + "0," * 783 + "0\n" + first + "7" * 200_000 + "x," + "0," * 782 + "0\n")
    with pytest.raises(DataError, match=r"x\.csv: row 2, column . holds '.{1,60}', expected a whole number$"):
        load_csv(tmp_path / "x.csv")

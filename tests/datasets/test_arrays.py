"""Damaged npz files, which make NumPy and zipfile raise almost anything: one line says what is wrong."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from inkdigits.datasets.npz import load_npz
from inkdigits.datasets.unlabelled import load_pictures
from inkdigits.errors import DataError, RunError
from inkdigits.training.checkpoint import Checkpoint, Progress, latest_checkpoint, save_checkpoint


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
        with pytest.raises(DataError, match=r"x\.npz: .*plain arrays") as caught:
            reader(path)
        assert "\n" not in str(caught.value)
    save_checkpoint(tmp_path / "checkpoints", Checkpoint(Progress(best_loss=1.0)))
    (tmp_path / "checkpoints" / "epoch-00000" / "arrays.npz").write_bytes(DAMAGES[damage])
    with pytest.raises(RunError, match="a damaged checkpoint"):
        latest_checkpoint(tmp_path / "checkpoints")

"""A folder with one folder a class: written and read again, in any form of picture."""

from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inkdigits.datasets.folder import load_folder, save_parts
from inkdigits.datasets.labelled import LabelledDigits, Splits
from inkdigits.errors import DataError, OutputError


def test_folder_round_trip_takes_28x28_as_they_are(tmp_path: Path, three_digits: LabelledDigits) -> None:
    save_parts(tmp_path / "out", {"digits": three_digits})
    loaded = load_folder(tmp_path / "out" / "digits")
    assert loaded.labels.tolist() == [1, 1, 7]
    np.testing.assert_array_equal(loaded.images, three_digits.images[[0, 2, 1]])


def test_both_parts_of_a_folder_of_pictures_are_written_or_neither(
    tmp_path: Path, three_digits: LabelledDigits, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts, write, written = {"train": three_digits, "test": three_digits}, Path.write_bytes, []

    def until_the_disk_is_full(path: Path, content: bytes) -> int:
        written.append(path)
        if len(written) == 5:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", until_the_disk_is_full)
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
    save_parts(tmp_path / "out", {"digits": three_digits})
    (tmp_path / "out" / "digits" / "7" / "broken.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"7/broken\.png: not a picture"):
        load_folder(tmp_path / "out" / "digits")


def test_a_truncated_picture_is_named(tmp_path: Path, small: Splits) -> None:
    assert small.train is not None
    save_parts(tmp_path / "out", {"digits": small.train.take(slice(0, 3))})
    file = next((tmp_path / "out" / "digits").rglob("*.png"))
    file.write_bytes(file.read_bytes()[:-60])
    with pytest.raises(DataError, match=file.name):
        load_folder(tmp_path / "out" / "digits")

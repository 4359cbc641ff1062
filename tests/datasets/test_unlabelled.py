"""Pictures without labels: their names, what is inverted, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.datasets.unlabelled import load_all_pictures, load_pictures
from inkdigits.errors import DataError


@pytest.fixture
def folder(tmp_path: Path, three_digits: LabelledDigits) -> Path:
    """Two pictures in a folder of folders, a hidden one that is none, and a text."""
    (tmp_path / "pictures" / "deep").mkdir(parents=True)
    for name, image in zip(("b.png", "deep/a.JPG"), three_digits.images[:2], strict=True):
        Image.fromarray(image).save(tmp_path / "pictures" / name)
    (tmp_path / "pictures" / "._b.png").write_bytes(b"no picture")
    (tmp_path / "pictures" / "notes.txt").write_text("no picture")
    return tmp_path / "pictures"


def test_a_folders_pictures_are_named_by_their_paths(folder: Path) -> None:
    pictures = load_pictures(folder)
    assert pictures.names == (str(folder / "b.png"), str(folder / "deep" / "a.JPG"))
    assert pictures.images.shape == (2, 28, 28)
    assert pictures.normalized == 0


def test_pictures_of_several_sources_keep_their_order(
    folder: Path, three_digits: LabelledDigits, tmp_path: Path
) -> None:
    np.savez(tmp_path / "some.npz", x_test=three_digits.images)
    Image.fromarray(three_digits.images[0]).resize((56, 56)).save(tmp_path / "large.png")
    pictures = load_all_pictures([tmp_path / "some.npz", folder / "b.png", tmp_path / "large.png"])
    assert pictures.names == (
        *(f"{tmp_path / 'some.npz'}:{number}" for number in (0, 1, 2)),
        str(folder / "b.png"),
        str(tmp_path / "large.png"),
    )
    assert pictures.normalized == 1
    np.testing.assert_array_equal(pictures.images[3], three_digits.images[0])


def test_dark_ink_is_refused_or_inverted(tmp_path: Path, three_digits: LabelledDigits) -> None:
    Image.fromarray(255 - three_digits.images[0]).save(tmp_path / "dark.png")
    with pytest.raises(DataError, match=r"dark\.png: its border is light, expected white ink on black: use --invert"):
        load_pictures(tmp_path / "dark.png")
    np.testing.assert_array_equal(load_pictures(tmp_path / "dark.png", invert=True).images[0], three_digits.images[0])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gone.png", "no such file or folder, expected a picture, an IDX file"),
        ("notes.docx", "a file of unknown kind, expected a picture, an IDX file"),
        ("empty", "no pictures in it, expected files that end in"),
        ("two.npz", r"expected one array, or one named x_test, x_train or images, found \['a', 'b'\]"),
        ("signed.npz", r"pictures with values from -1 to -1, expected whole numbers 0 to 255, or floats from 0 to 1"),
    ],
)
def test_what_is_no_picture_is_named(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "notes.docx").write_text("hello")
    (tmp_path / "empty").mkdir()
    np.savez(tmp_path / "two.npz", a=np.zeros(1), b=np.zeros(1))
    np.savez(tmp_path / "signed.npz", a=-np.ones((1, 28, 28)))
    with pytest.raises(DataError, match=f"{name}: {message}"):
        load_pictures(tmp_path / name)

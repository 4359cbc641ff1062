"""The same picture's file gives the same pixels to training and evaluation, to `classify` and to `read`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inkdigits.datasets.folder import load_folder
from inkdigits.datasets.labelled_files import load_labelled_files
from inkdigits.datasets.mnist import load_train
from inkdigits.datasets.picture_file import read_digit
from inkdigits.datasets.unlabelled import load_pictures
from inkdigits.errors import DataError
from inkdigits.images.grey import to_grey
from inkdigits.reading.many import read_pages
from inkdigits.reading.reader import Reader
from tests.datasets.flipped_bits import messages_of_flipped_bits

LEVELS = load_train().images[7]
READER = Reader.load("dense", threads=1)
COLOURS = (1.0, 0.9, 0.6)


def _of_bits(bits: int) -> Image.Image:
    """Grey levels in the lower `bits` of 16, as scanners write them."""
    return Image.fromarray(((LEVELS.astype(np.int64) * (2**bits - 1) + 127) // 255).astype(np.uint16))


def _coloured() -> Image.Image:
    return Image.fromarray(np.rint(LEVELS[:, :, None] * np.array(COLOURS)).astype(np.uint8))


def _with_alpha() -> Image.Image:
    """Light ink, of which the transparent paper lets nothing through."""
    return Image.merge("LA", [Image.new("L", (28, 28), 255), Image.fromarray(LEVELS)])


def _turned(path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(LEVELS).transpose(Image.Transpose.ROTATE_90).save(path, exif=exif)


FORMS: dict[str, Callable[[Path], object]] = {
    "grey.png": Image.fromarray(LEVELS).save,
    "one-bit.png": Image.fromarray(LEVELS > 127).save,
    "ten-bits.png": _of_bits(10).save,
    "twelve-bits.png": _of_bits(12).save,
    "sixteen-bits.png": _of_bits(16).save,
    "sixteen-bits.tif": _of_bits(16).save,
    "floats.tif": Image.fromarray(LEVELS.astype(np.float32) / 255).save,
    "palette.png": Image.fromarray(LEVELS).convert("P").save,
    "palette.gif": Image.fromarray(LEVELS).convert("P").save,
    "alpha.png": _with_alpha().save,
    "rgba.webp": lambda path: _with_alpha().convert("RGBA").save(path, lossless=True),
    "turned.png": _turned,
    "turned.tif": _turned,
    "colour.png": _coloured().save,
    "colour.bmp": _coloured().save,
    "colour.ppm": _coloured().save,
    "colour.jpg": _coloured().save,
    "cmyk.jpg": Image.fromarray(LEVELS).convert("CMYK").save,
    "cmyk.tif": Image.fromarray(LEVELS).convert("CMYK").save,
}
_EXPECTED = {"one-bit": np.where(LEVELS > 127, np.uint8(255), np.uint8(0)), "colour": to_grey(np.asarray(_coloured()))}


@pytest.mark.parametrize("name", FORMS)
def test_every_command_sees_the_same_pixels(tmp_path: Path, name: str) -> None:
    (tmp_path / "7").mkdir()
    file = tmp_path / "7" / name
    FORMS[name](file)
    (tmp_path / "labels.csv").write_text(f"file,label\n7/{name},7\n")
    (result,) = read_pages(READER, [(str(file), str(file))])
    assert result.steps is not None
    seen = to_grey(result.steps.page.pixels)
    np.testing.assert_array_equal(load_folder(tmp_path).images[0], seen)
    np.testing.assert_array_equal(load_labelled_files(tmp_path / "labels.csv").images[0], seen)
    np.testing.assert_array_equal(load_pictures(file).images[0], seen)
    expected = _EXPECTED.get(file.stem, LEVELS)
    np.testing.assert_allclose(seen.astype(int), expected.astype(int), atol=40 if file.suffix == ".jpg" else 1)


def test_a_file_of_several_pages_is_refused_by_its_name(tmp_path: Path) -> None:
    page = Image.fromarray(LEVELS)
    (tmp_path / "7").mkdir()
    file = tmp_path / "7" / "scan.tif"
    page.save(file, save_all=True, append_images=[page, page])
    for load, source in ((load_folder, tmp_path), (load_pictures, file)):
        with pytest.raises(DataError, match=r"scan\.tif: 3 pages, expected at most 1"):
            load(source)


def test_a_picture_without_ink_is_named(tmp_path: Path) -> None:
    Image.new("L", (50, 50), 200).save(tmp_path / "blank.png")
    with pytest.raises(DataError, match=r"blank\.png: no ink found"):
        read_digit(tmp_path / "blank.png")


def test_dark_ink_is_inverted_or_normalized(tmp_path: Path) -> None:
    Image.fromarray(255 - LEVELS).save(tmp_path / "small.png")
    digit, normalized = read_digit(tmp_path / "small.png", dark=True)
    assert not normalized
    np.testing.assert_array_equal(digit, LEVELS)
    Image.fromarray(np.pad(255 - LEVELS, 20, constant_values=255)).save(tmp_path / "large.png")
    digit, normalized = read_digit(tmp_path / "large.png")
    assert normalized
    assert np.corrcoef(digit.ravel(), LEVELS.ravel())[0, 1] > 0.99


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".gif", ".webp", ".bmp"])
def test_flipped_bits_are_one_line(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"digit{suffix}"
    Image.fromarray(LEVELS).resize((40, 40)).save(file)
    messages = messages_of_flipped_bits(file, read_digit)
    assert [line for line in messages if file.name not in line or "\n" in line] == []

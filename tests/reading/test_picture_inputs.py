"""What a picture may be in Python, and what is said of everything else."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from inkdigits.datasets.mnist import load_test
from inkdigits.errors import PictureError
from inkdigits.images.decode import SUFFIXES
from inkdigits.reading.reader import Reader

SEVEN: Any = load_test().images[0]
COLOUR = np.repeat(SEVEN[:, :, None], 3, axis=2)
RGBA = np.dstack([255 - COLOUR, np.full((28, 28), 255, np.uint8)])


def _channels_first(picture: np.ndarray) -> np.ndarray:
    """With a margin, since three or four arrays of 28x28 may be digits of a data set."""
    return np.moveaxis(np.pad(picture, ((2, 2), (2, 2), (0, 0)), mode="edge"), 2, 0)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.load()


@pytest.mark.parametrize(
    "array",
    [SEVEN, SEVEN[:, :, None], SEVEN[None], COLOUR, RGBA, _channels_first(COLOUR), _channels_first(RGBA)],
    ids=lambda array: str(array.shape),
)
def test_channels_may_stand_last_or_first(reader: Reader, array: np.ndarray) -> None:
    assert reader.read(array).string == "7"
    assert [one.string for one in reader.read([array])] == ["7"]
    assert [one.string for one in reader.read_all([array])] == ["7"]


def _with(value: float) -> np.ndarray:
    array = SEVEN / 255
    array[3, :2] = value
    return array


@pytest.mark.parametrize(
    ("array", "needle"),
    [
        (np.zeros((3, 40, 3), np.uint8), r"\(3, 40, 3\) may be \(height, width, channels\) or \(channels, height"),
        (np.zeros((4, 40, 1), np.uint8), "may be"),
        (np.zeros((3, 28, 28), np.uint8), r"may be 3 digits of a data set .*: pass list\(array\)"),
        (np.zeros((4, 28, 28), np.uint8), r"may be 4 digits of a data set .*: pass list\(array\)"),
        (np.zeros((28, 28, 2), np.uint8), r"\(height, width, 1\), .* got uint8 \(28, 28, 2\)"),
        (np.zeros((10, 28, 28), np.uint8), r"several pictures are read by a list, list\(array\)"),
        (np.zeros((2, 28, 28, 1), np.uint8), r"several pictures are read by a list, list\(array\)"),
        (np.zeros(784, np.uint8), r"array.reshape\(28, 28\)"),
        (np.full((28, 28), "7"), "convert it to numbers"),
        (_with(np.nan), "2 of 784 values are NaN or infinite"),
        (_with(np.inf), "2 of 784 values are NaN or infinite"),
        (_with(-0.5), "float64 from -0.5 to 1: scale them"),
    ],
    ids=lambda value: str(value.shape) if isinstance(value, np.ndarray) else "",
)
def test_what_is_ambiguous_or_no_picture_is_refused(reader: Reader, array: np.ndarray, needle: str) -> None:
    with pytest.raises(PictureError, match=needle):
        reader.read(array)


@pytest.mark.parametrize("numbers", [SEVEN.tolist(), SEVEN.reshape(-1).tolist(), (1, 2), [[0.0] * 28] * 28])
def test_lists_of_numbers_are_no_list_of_pictures(reader: Reader, numbers: Any) -> None:
    with pytest.raises(PictureError, match=r"expected a list of pictures: .*numpy\.asarray"):
        reader.read(numbers)


def test_in_a_list_the_others_are_read(reader: Reader) -> None:
    readings = reader.read([SEVEN, "gone.png", {}, SEVEN])
    assert [one.outcome for one in readings] == ["read", "error", "error", "read"]
    assert readings[1].error == "gone.png: no such file"


def test_of_several_pages_the_first_is_read_alone_and_in_a_list(reader: Reader) -> None:
    content = io.BytesIO()
    pages = [Image.fromarray(image) for image in load_test().images[:3]]
    pages[0].save(content, "TIFF", save_all=True, append_images=pages[1:])
    assert reader.read(content.getvalue()).string == "7"
    assert [one.string for one in reader.read([content.getvalue()])] == ["7"]
    assert [one.string for one in reader.read_all([content.getvalue()])] == ["7", "2", "1"]


def test_every_format_is_named_where_none_fits(reader: Reader) -> None:
    with pytest.raises(PictureError) as caught:
        reader.read(b"no picture at all")
    named = str(caught.value).upper().replace("JPEG 2000", "JP2").replace("TIFF", "TIF")
    others = {".JPE", ".JPG", ".TIFF", ".HEIF", ".DIB"}
    assert [ending for ending in {one.upper() for one in SUFFIXES} - others if ending[1:] not in named] == []


def test_reprs_are_one_short_line(reader: Reader) -> None:
    assert repr(reader) == "Reader(Predictor('reader', pictures of 28 x 28))"
    text = repr(reader.read(SEVEN))
    assert "\n" not in text
    assert len(text) < 80

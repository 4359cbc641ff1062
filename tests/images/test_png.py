"""PNG: the fast decoder gives what Pillow gives, or leaves the file to it."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from inkdigits.datasets.mnist import load_train
from inkdigits.images.png import decode_plain_png, encode_png, png_size


def _png(pixels: np.ndarray[Any, Any], **options: Any) -> bytes:
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG", **options)
    return content.getvalue()


@pytest.mark.parametrize("shape", [(28, 28), (1, 1), (7, 200), (28, 28, 3), (31, 17, 3)])
@pytest.mark.parametrize("level", [0, 6])
def test_a_plain_png_is_decoded_as_pillow_decodes_it(shape: tuple[int, ...], level: int) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)
    pixels[: shape[0] // 2] //= 16
    decoded = decode_plain_png(_png(pixels, compress_level=level))
    assert decoded is not None
    np.testing.assert_array_equal(decoded, pixels)


def test_what_is_not_plain_or_damaged_is_left_to_pillow() -> None:
    pixels = load_train().images[0]
    good = _png(pixels)
    assert decode_plain_png(good) is not None
    for place in range(8, len(good) - 12):
        assert decode_plain_png(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :]) is None, place
    assert all(decode_plain_png(good[:length]) is None for length in range(len(good) - 1))
    assert decode_plain_png(_png(pixels, transparency=0)) is None
    assert decode_plain_png(_png(np.dstack([pixels] * 4))) is None
    assert decode_plain_png(_png(pixels > 100)) is None
    assert decode_plain_png(_png(pixels.astype(np.uint16))) is None
    assert decode_plain_png(_png(np.zeros((300, 300), np.uint8))) is None


@pytest.mark.parametrize("shape", [(28, 28), (3, 500), (28, 30, 3)])
def test_a_picture_that_is_written_is_read_again(shape: tuple[int, ...]) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)
    content = encode_png(pixels)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(content))), pixels)
    assert png_size(content) == (shape[1], shape[0])
    assert len(encode_png(np.zeros(shape, np.uint8), optimize=True)) < len(content)


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n"])
def test_only_a_png_has_the_size_of_one(content: bytes) -> None:
    assert png_size(content) is None

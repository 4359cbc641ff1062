"""What reads many small pictures quickly gives what the slow ways give."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from inkdigits.datasets.mnist import load_train
from inkdigits.images.decode import Page
from inkdigits.images.plain_png import plain_png
from inkdigits.reading.reader import Reader
from inkdigits.stats.quick_statistics import mean, median, percentile


def test_pages_seen_together_read_as_they_do_alone() -> None:
    images = load_train().images[:40]
    # Two digits side by side, and no ink: questions of other sizes, and none at all.
    pages = [Page(str(n), 0, image) for n, image in enumerate(images)]
    pages += [Page("two", 0, np.hstack([images[1], images[2]])), Page("blank", 0, np.full((40, 40), 255, np.uint8))]
    reader = Reader.load()
    for one, page in zip(reader.read_pages_together(pages), pages, strict=True):
        alone = reader.read_page(page).reading
        assert (one.reading.string, one.reading.outcome, one.reading.path) == (alone.string, alone.outcome, page.name)
        assert [digit.box for digit in one.reading.digits] == [digit.box for digit in alone.digits]
        for digit, expected in zip(one.reading.digits, alone.digits, strict=True):
            np.testing.assert_allclose(digit.probabilities, expected.probabilities, atol=1e-5)
            np.testing.assert_array_equal(digit.network_input, expected.network_input)


@given(st.binary(min_size=1, max_size=300), st.sampled_from([3, 75, 85]))
def test_quick_statistics_are_those_of_numpy(content: bytes, share: int) -> None:
    values = np.frombuffer(content, np.uint8)
    assert percentile(values, share) == np.percentile(values, share)
    floats = values.astype(np.float32) / 7
    assert median(floats) == np.median(floats)
    assert mean(floats) == floats.mean()


def _png(pixels: np.ndarray[Any, Any], **options: Any) -> bytes:
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG", **options)
    return content.getvalue()


@pytest.mark.parametrize("shape", [(28, 28), (1, 1), (7, 200), (28, 28, 3), (31, 17, 3)])
@pytest.mark.parametrize("level", [0, 6])
def test_a_plain_png_is_decoded_as_pillow_decodes_it(shape: tuple[int, ...], level: int) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)
    pixels[: shape[0] // 2] //= 16
    decoded = plain_png(_png(pixels, compress_level=level))
    assert decoded is not None
    np.testing.assert_array_equal(decoded, pixels)


def test_what_is_not_plain_or_damaged_is_left_to_pillow() -> None:
    pixels = load_train().images[0]
    good = _png(pixels)
    assert plain_png(good) is not None
    for place in range(8, len(good) - 12):
        assert plain_png(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :]) is None, place
    assert all(plain_png(good[:length]) is None for length in range(len(good) - 1))
    assert plain_png(_png(pixels, transparency=0)) is None
    assert plain_png(_png(np.dstack([pixels] * 4))) is None
    assert plain_png(_png(pixels > 100)) is None
    assert plain_png(_png(pixels.astype(np.uint16))) is None
    assert plain_png(_png(np.zeros((300, 300), np.uint8))) is None

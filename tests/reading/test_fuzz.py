"""Any bytes or array give a reading or a `PictureError`, in bounded time, and nothing else.

INKDIGITS_FUZZ_EXAMPLES=20000 runs more examples.
"""

from __future__ import annotations

import importlib.util
import io
import os
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, features

from inkdigits.errors import PictureError
from inkdigits.reading.reader import Reader
from tests.reading.drawn_pages import ink, paper, photographed, row, written

EXAMPLES = int(os.environ.get("INKDIGITS_FUZZ_EXAMPLES", "100"))
bounded = settings(
    max_examples=EXAMPLES,
    deadline=20_000 if EXAMPLES <= 1000 else None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    derandomize=EXAMPLES <= 1000,
)
READER = Reader.load(threads=1)


def _files() -> list[bytes]:
    picture = Image.fromarray(photographed(written(paper((60, 90)), ink((60, 90), row("25", 10, 10, 40), 4))))
    files = [_saved(picture.save, form) for form in ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF", "PPM", "JPEG2000")]
    if features.check("avif"):
        files.append(_saved(picture.save, "AVIF"))
    if importlib.util.find_spec("pypdfium2"):
        files.append(_saved(picture.save, "PDF"))
    if importlib.util.find_spec("pillow_heif"):
        from pillow_heif import from_pillow

        files.append(_saved(from_pillow(picture).save))
    return files


def _saved(save: Callable[..., object], *form: str) -> bytes:
    content = io.BytesIO()
    save(content, *form)
    return content.getvalue()


FILES = _files()


def _check(picture: object) -> None:
    try:
        reading = READER.read(picture)
    except PictureError as error:
        assert "\n" not in str(error)  # noqa: PT017
        return
    assert reading.outcome in {"read", "blank", "nothing_accepted"}
    width, height = reading.size
    for digit in reading.digits:
        x, y, w, h = digit.box
        assert x >= 0
        assert y >= 0
        assert x + w <= width
        assert y + h <= height
        assert np.isfinite(digit.probabilities).all()


@bounded
@given(st.binary(max_size=400))
@example(b"")
@example(b"%PDF-1.7")
@example(b"\0\0\0\x18ftypheic")
def test_any_bytes(content: bytes) -> None:
    _check(content)


@bounded
@given(st.sampled_from(FILES), st.data())
def test_corrupted_files(content: bytes, data: st.DataObject) -> None:
    corrupted = bytearray(content)
    for _ in range(data.draw(st.integers(1, 6))):
        corrupted[data.draw(st.integers(0, len(corrupted) - 1))] = data.draw(st.integers(0, 255))
    _check(bytes(corrupted[: data.draw(st.integers(1, len(corrupted)))]))


@pytest.mark.filterwarnings("error")
@bounded
@given(
    arrays(
        np.uint8,
        st.one_of(
            st.tuples(st.integers(1, 70), st.integers(1, 70)),
            st.tuples(st.integers(1, 40), st.integers(1, 40), st.sampled_from([1, 3, 4])),
        ),
        elements=st.one_of(st.sampled_from([0, 255]), st.integers(0, 255)),
    )
)
def test_any_small_array(array: np.ndarray) -> None:
    _check(array)


@bounded
@given(
    st.integers(1, 400),
    st.integers(1, 400),
    st.sampled_from([1, 3]),
    st.integers(0, 2**32 - 1),
    st.sampled_from([1, 2, 4, 16, 64]),
)
def test_noise_of_any_size_and_scale(height: int, width: int, channels: int, seed: int, block: int) -> None:
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (-(-height // block), -(-width // block), channels), np.uint8)
    if rng.random() < 0.5:
        small = (small > rng.integers(1, 255)).astype(np.uint8) * 255
    _check(small.repeat(block, axis=0).repeat(block, axis=1)[:height, :width])


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 1), (2, 3000), (1, 4), (4, 1), (28, 1000), (3, 3, 3)])
def test_odd_shapes(shape: tuple[int, ...]) -> None:
    for seed in range(3):
        _check(np.random.default_rng(seed).integers(0, 256, shape, np.uint8))
        _check(np.full(shape, 80 * seed, np.uint8))

"""Decoding processes: limits that the kernel keeps, replaced when they are killed, none left behind."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inkdigits.errors import PictureCostError, PictureError
from inkdigits.images.decoder_pool import DecoderPool
from inkdigits.images.decoding_limits import DecodingLimits
from tests.images.bombs import BOMBS, slow_pdf


@pytest.fixture
def pool() -> Iterator[DecoderPool]:
    made = DecoderPool(DecodingLimits(memory=400 * 2**20, cpu_seconds=1, seconds=20))
    yield made
    made.close()


def _tiff(pages: int) -> bytes:
    content = io.BytesIO()
    frames = [Image.new("L", (30, 20), number) for number in range(pages)]
    frames[0].save(content, "TIFF", save_all=True, append_images=frames[1:])
    return content.getvalue()


def _levels(pool: DecoderPool, content: bytes | Path, first: int = 0) -> list[tuple[int, int, bool]]:
    return [(page.number, int(page.pixels[0, 0]), last) for page, last in pool.pages(content, "scan", first=first)]


def test_pages_from_bytes_and_files_from_any_page_on(pool: DecoderPool, tmp_path: Path) -> None:
    content = _tiff(3)
    (tmp_path / "a\udcff.tif").write_bytes(content)
    expected = [(0, 0, False), (1, 1, False), (2, 2, True)]
    assert _levels(pool, content) == expected
    assert _levels(pool, tmp_path / "a\udcff.tif", first=1) == expected[1:]
    assert len(pool.idle) == 1


@pytest.mark.parametrize("bomb", ["pdf: 150 million times q", "pdf: forms in forms"])
def test_memory_is_bounded(pool: DecoderPool, bomb: str) -> None:
    with pytest.raises(PictureCostError, match=r"^scan: refused, decoding it takes more than 400 MiB"):
        list(pool.pages(BOMBS[bomb](), "scan"))
    assert _levels(pool, _tiff(1)) == [(0, 0, True)]


def test_computing_is_bounded(pool: DecoderPool) -> None:
    with pytest.raises(PictureCostError, match="takes longer than 1 seconds"):
        list(pool.pages(slow_pdf(), "scan"))


def test_waiting_is_bounded() -> None:
    impatient = DecoderPool(DecodingLimits(seconds=0.5))
    with pytest.raises(PictureCostError, match=r"takes longer than 0\.5 seconds"):
        list(impatient.pages(slow_pdf(), "scan"))


def test_a_process_that_is_killed_is_replaced(pool: DecoderPool) -> None:
    _levels(pool, _tiff(1))
    pool.idle[0].process.send_signal(signal.SIGKILL)
    pool.idle[0].process.wait()
    assert _levels(pool, _tiff(1)) == [(0, 0, True)]


def test_one_that_is_left_early_is_not_used_again(pool: DecoderPool) -> None:
    pages = pool.pages(_tiff(3), "scan")
    next(pages)
    pages.close()
    assert pool.idle == []
    with pytest.raises(PictureError, match="scan: truncated or damaged"):
        list(pool.pages(_tiff(1)[:-150], "scan"))


def test_none_outlives_the_program(tmp_path: Path) -> None:
    (tmp_path / "scan.tif").write_bytes(_tiff(1))
    code = (
        "import sys; from inkdigits.images.decode import open_pages\n"
        "from inkdigits.images.decoder_pool import shared_pool\n"
        "assert len(list(open_pages(sys.argv[1]))) == 1\n"
        "print(shared_pool().idle[0].process.pid)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "scan.tif"], capture_output=True, text=True, check=True
    )
    with pytest.raises(ProcessLookupError):
        os.kill(int(result.stdout), 0)


def test_a_decoding_process_loads_no_more_than_it_needs() -> None:
    code = "import inkdigits.images.decoder_process, sys; print({'onnxruntime', 'cv2', 'fastapi'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "set()\n"


def test_a_page_is_the_same_decoded_here_and_there(pool: DecoderPool) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 50, 4), np.uint8)
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "TIFF")
    ((page, _),) = pool.pages(content.getvalue(), "scan")
    from inkdigits.images.decode import open_pages

    png = io.BytesIO()
    Image.fromarray(pixels).save(png, "PNG")
    (here,) = open_pages(png.getvalue())
    np.testing.assert_array_equal(page.pixels, here.pixels)

"""Many pictures at once: in their order, each as alone, and one that cannot be read leaves the others alone."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from inkdigits.datasets.mnist import load_train
from inkdigits.errors import PictureError
from inkdigits.images.decode import Source
from inkdigits.reading.many import read_pages
from inkdigits.reading.reader import Reader

PIXELS = list(load_train().images[:6])


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.load("dense", threads=1)


def _tiff(*pages: np.ndarray) -> bytes:
    first, *others = (Image.fromarray(page) for page in pages)
    content = io.BytesIO()
    first.save(content, "TIFF", save_all=True, append_images=others)
    return content.getvalue()


@pytest.mark.parametrize("together", [1, 2, 100])
def test_results_keep_the_order_of_sources_and_pages(reader: Reader, together: int) -> None:
    sources: list[tuple[str, Source | PictureError]] = [
        ("one", PIXELS[0]),
        ("gone", PictureError("gone: no such file")),
        ("three", _tiff(*PIXELS[1:4])),
        ("text", b"no picture"),
        ("last", PIXELS[4]),
    ]
    results = list(read_pages(reader, sources, together=together))
    assert [(result.source, result.reading.path, result.reading.page) for result in results] == [
        (0, "one", 1),
        (1, "gone", 1),
        (2, "three", 1),
        (2, "three", 2),
        (2, "three", 3),
        (3, "text", 1),
        (4, "last", 1),
    ]
    assert [result.reading.outcome == "error" for result in results] == [False, True, False, False, False, True, False]
    alone = [reader.read(pixels).string for pixels in PIXELS[:5]]
    assert [result.reading.string for result in results if result.steps] == alone
    assert results[1].reading.error == "gone: no such file"


def test_the_page_that_cannot_be_read_is_named_and_the_others_are_read(reader: Reader) -> None:
    small = np.zeros((10, 10), np.uint8)
    results = list(read_pages(reader, [("scan", _tiff(PIXELS[0], small, PIXELS[1]))], region=(0, 0, 28, 28)))
    assert [(result.reading.page, result.reading.outcome == "error") for result in results] == [
        (1, False),
        (2, True),
        (3, False),
    ]
    assert results[1].reading.error == "scan: region 0,0,28,28 is not inside the picture of 10 x 10"
    assert results[1].reading.size == (10, 10)


def test_a_file_of_too_many_pages_is_one_error(reader: Reader) -> None:
    (result,) = read_pages(reader, [("scan", _tiff(*PIXELS[:3]))], max_pages=2)
    assert "3 pages, expected at most 2" in str(result.reading.error)


class _FailingPredictor:
    """A predictor that fails on one network input, alone or among others."""

    def __init__(self, reader: Reader, network_input: np.ndarray) -> None:
        self._predictor, self._network_input = reader.predictor, network_input
        self.metadata = reader.predictor.metadata

    def predict_proba(self, images: np.ndarray) -> object:
        if (images == self._network_input).all(axis=(1, 2)).any():
            raise ZeroDivisionError("division\nby zero")
        return self._predictor.predict_proba(images)


def test_a_defect_of_the_reader_is_one_readings_error(reader: Reader) -> None:
    broken = _FailingPredictor(reader, reader.read(PIXELS[1]).digits[0].network_input)
    failing = Reader(broken, reader.finder)  # type: ignore[arg-type]
    results = list(read_pages(failing, zip("abc", PIXELS, strict=False), together=3))
    assert [result.reading.outcome == "error" for result in results] == [False, True, False]
    assert results[1].reading.error == "b: the reader failed: ZeroDivisionError: division by zero"
    assert isinstance(results[1].defect, ZeroDivisionError)
    assert [result.defect for result in results[::2]] == [None, None]


def test_sources_are_opened_when_their_results_are_asked_for(reader: Reader) -> None:
    opened: list[str] = []

    def sources() -> Iterator[tuple[str, Source]]:
        for name, pixels in zip("abc", PIXELS, strict=False):
            opened.append(name)
            yield name, pixels

    next(read_pages(reader, sources()))
    assert opened == ["a"]

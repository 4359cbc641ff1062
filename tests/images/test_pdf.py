"""The pages of a PDF: each one a reading, damaged ones named, by several threads."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image

from inkdigits.errors import PictureError
from inkdigits.images.decode import Page, open_pages
from inkdigits.reading.reader import Reader
from tests.reading.drawn_pages import ink, paper, photographed, row, written

SHAPE = (200, 420)
# Its first page is none, its second is not there.
BROKEN_PAGE = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R 9 0 R]/Count 2>>endobj
3 0 obj<</Type/Nope>>endobj
trailer<</Root 1 0 R>>
%%EOF"""


@pytest.fixture(scope="module")
def picture() -> Image.Image:
    """An RGB picture that says 253."""
    return Image.fromarray(photographed(written(paper(SHAPE), ink(SHAPE, row("253", 50, 50, 100), 8))))


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.load()


def _page(source: object) -> Page:
    (page,) = open_pages(source)
    return page


def test_a_pdf_is_read_by_pages_and_names_the_one_that_is_broken(picture: Image.Image, reader: Reader) -> None:
    pytest.importorskip("pypdfium2")
    content = io.BytesIO()
    picture.save(content, "PDF", resolution=72, save_all=True, append_images=[picture])
    assert [reading.string for reading in reader.read_all([content.getvalue()])] == ["253", "253"]
    readings = list(reader.read_all([BROKEN_PAGE, BROKEN_PAGE[:60], picture]))
    assert [reading.outcome for reading in readings] == ["error", "error", "read"]
    assert "page 1 is damaged" in str(readings[0].error)
    assert "damaged PDF, or one with a password" in str(readings[1].error)
    with pytest.raises(PictureError, match="2 pages, expected at most 1"):
        list(open_pages(content.getvalue(), max_pages=1))


def test_threads_decode_at_the_same_time(picture: Image.Image) -> None:
    pytest.importorskip("pypdfium2")
    content = io.BytesIO()
    picture.save(content, "PDF", resolution=72)
    with ThreadPoolExecutor(4) as pool:
        pages = list(pool.map(_page, [content.getvalue()] * 8))
    assert {page.pixels.tobytes() for page in pages} == {pages[0].pixels.tobytes()}

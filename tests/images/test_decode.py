"""Every format of picture is read alike; other files and too large ones are refused in one line that names them."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inkdigits.errors import PictureError
from inkdigits.images.decode import Page, is_decoded_here, open_pages, pictures_below
from inkdigits.images.decoder_pool import shared_pool
from inkdigits.images.file_formats import MAX_PIXELS
from inkdigits.reading.reader import Reader
from tests.images.bombs import BOMBS
from tests.reading.drawn_pages import ink, paper, photographed, row, written

SHAPE = (200, 420)


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


@pytest.mark.parametrize(
    ("form", "mode"),
    [
        *(("PNG", mode) for mode in ("RGB", "RGBA", "L", "LA", "P", "1", "I;16")),
        *(("JPEG", mode) for mode in ("RGB", "L", "CMYK")),
        *(("WEBP", mode) for mode in ("RGB", "RGBA")),
        *(("TIFF", mode) for mode in ("RGB", "L", "I;16", "F", "CMYK")),
        ("BMP", "RGB"),
        ("GIF", "P"),
        ("PPM", "RGB"),
    ],
)
def test_every_form_is_read_alike(picture: Image.Image, reader: Reader, form: str, mode: str) -> None:
    content = io.BytesIO()
    if mode == "I;16":
        converted = Image.fromarray(np.asarray(picture.convert("L"), np.uint16) * 257)
    elif mode == "F":
        converted = Image.fromarray(np.asarray(picture.convert("L"), np.float32) / 255)
    else:
        converted = picture.convert(mode, dither=Image.Dither.NONE)
    converted.save(content, form)
    assert reader.read(content.getvalue()).string == "253"


def test_a_path_bytes_an_image_and_an_array(picture: Image.Image, reader: Reader, tmp_path: Path) -> None:
    picture.save(tmp_path / "a.png")
    sources = [
        tmp_path / "a.png",
        str(tmp_path / "a.png"),
        (tmp_path / "a.png").read_bytes(),
        picture,
        np.asarray(picture),
        np.asarray(picture.convert("L")),
        np.asarray(picture.convert("L"))[:, :, None],
        np.asarray(picture.convert("RGBA")),
        np.asarray(picture.convert("L")) > 127,
        np.asarray(picture.convert("L")).astype(np.uint16) * 257,
        np.asarray(picture).astype(np.int64),
        np.asarray(picture).astype(np.float32),
        np.asarray(picture) / 255,
        np.asarray(picture.convert("RGBA")) / 255,
    ]
    assert [reading.string for reading in reader.read_all(sources)] == ["253"] * len(sources)
    assert reader.read(sources[0]).path == str(tmp_path / "a.png")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation_is_undone(picture: Image.Image, orientation: int) -> None:
    turns = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # what a camera held so would have stored
    stored = picture if orientation == 1 else picture.transpose(Image.Transpose(turns[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = io.BytesIO()
    stored.save(content, "PNG", exif=exif)
    np.testing.assert_array_equal(_page(content.getvalue()).pixels, np.asarray(picture))


def test_every_page_of_a_tiff_is_a_reading(picture: Image.Image, reader: Reader, tmp_path: Path) -> None:
    blank = Image.new("RGB", picture.size, "white")
    picture.save(tmp_path / "scan.tif", save_all=True, append_images=[blank, picture])
    readings = list(reader.read_all([tmp_path / "scan.tif"]))
    assert [(reading.page, reading.string, reading.outcome) for reading in readings] == [
        (1, "253", "read"),
        (2, "", "blank"),
        (3, "253", "read"),
    ]


def _png(width: int, height: int) -> bytes:
    """A PNG whose header claims that size; there is nearly nothing in it."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 64)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("width", "height"), [(1_000_000, 1_000_000), (40_000, 25_000), (10_000, 10_000), (1, MAX_PIXELS + 1)]
)
def test_a_bomb_is_refused_before_it_is_decoded(width: int, height: int) -> None:
    with pytest.raises(PictureError, match=r"refused.*megapixels"):
        _page(_png(width, height))


def test_a_picture_without_pixels() -> None:
    with pytest.raises(PictureError):
        _page(_png(0, 0))
    with pytest.raises(PictureError, match="expected a picture as uint8"):
        _page(np.zeros((0, 10), np.uint8))


@pytest.mark.parametrize(
    "array",
    [
        np.full((4, 4), "0"),
        np.zeros((4, 4), complex),
        np.zeros((4, 4, 2), np.uint8),
        np.zeros(4, np.uint8),
        np.zeros((1, 2, 3, 4), np.uint8),
    ],
    ids=["text", "complex", "two channels", "a line", "four axes"],
)
def test_an_array_that_is_no_picture(array: np.ndarray) -> None:
    with pytest.raises(PictureError, match="expected a picture as uint8"):
        _page(array)


def test_what_is_no_picture(tmp_path: Path, picture: Image.Image) -> None:
    content = io.BytesIO()
    picture.save(content, "JPEG")
    (tmp_path / "cut.jpg").write_bytes(content.getvalue()[: len(content.getvalue()) // 2])
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "text.png").write_text("no picture")
    moving = io.BytesIO()
    picture.save(moving, "GIF", save_all=True, append_images=[Image.new("RGB", picture.size)])
    (tmp_path / "moving.gif").write_bytes(moving.getvalue())
    expected = {
        "cut.jpg": "truncated or damaged",
        "empty.png": "empty",
        "text.png": "not a picture",
        "gone.png": "no such file",
        ".": "a folder",
    }
    for name, needle in expected.items():
        with pytest.raises(PictureError, match=needle) as caught:
            _page(tmp_path / name)
        assert str(tmp_path / name) in str(caught.value)


def test_no_permission(picture: Image.Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a stand-in for the system's answer: whoever runs tests as root may read everything."""
    picture.save(tmp_path / "mine.png")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(PictureError, match="no permission to read it"):
        _page(tmp_path / "mine.png")


def test_a_bad_picture_does_not_stop_the_others(picture: Image.Image, reader: Reader) -> None:
    readings = list(reader.read_all([b"no picture", picture, 7]))
    assert [reading.outcome for reading in readings] == ["error", "read", "error"]
    assert readings[0].error is not None
    assert readings[0].digits == ()


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_phones_heic_is_read_upright(picture: Image.Image, reader: Reader, orientation: int) -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    stored = picture if orientation == 1 else picture.transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = io.BytesIO()
    pillow_heif.from_pillow(stored).save(content, quality=80, exif=exif.tobytes())
    (reading,) = reader.read_all([content.getvalue()])
    assert (reading.string, reading.size) == ("253", picture.size)


def test_pdf_and_heic_name_their_extra(reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("pypdfium2", "pillow_heif"):
        (tmp_path / f"{module}.py").write_text("raise ImportError\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    shared_pool().close()
    readings = list(reader.read_all([b"%PDF-1.7", b"\0\0\0\x18ftypheic" + b"\0" * 64]))
    shared_pool().close()
    for extra, reading in zip(("pdf", "heic"), readings, strict=True):
        assert reading.error is not None
        assert f"pip install 'inkdigits[{extra}]'" in reading.error


def test_fifty_megapixels_are_read(picture: Image.Image, reader: Reader) -> None:
    content = io.BytesIO()
    picture.convert("L").resize((10_250, 4_880)).save(content, "JPEG")
    reading = reader.read(content.getvalue())
    assert (reading.string, reading.size) == ("253", (10_250, 4_880))


def test_folders_are_searched_deeply_and_hidden_files_left_out(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    for name in ("b.PNG", "deep/a.jpg", "deep/er/c.webp", "deep/.hidden.png", "notes.txt"):
        (tmp_path / name).write_bytes(b"")
    names = [str(path.relative_to(tmp_path)) for path in pictures_below(tmp_path)]
    assert names == ["b.PNG", "deep/a.jpg", "deep/er/c.webp"]
    with pytest.raises(PictureError, match="no pictures in it"):
        pictures_below(_empty(tmp_path))


def _empty(folder: Path) -> Path:
    (folder / "empty").mkdir()
    return folder / "empty"


def test_a_small_picture_of_many_chunks_is_left_to_a_process() -> None:
    assert is_decoded_here(BOMBS["png: compressed texts"]())
    assert not is_decoded_here(BOMBS["png: a million chunks"]())

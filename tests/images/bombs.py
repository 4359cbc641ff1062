"""Files that are small and cost much: memory, time, pages or a crash of the decoder; all are made here."""

from __future__ import annotations

import gzip
import io
import struct
import zlib
from collections.abc import Callable
from functools import partial
from typing import Any

from PIL import Image

__all__ = ["BOMBS", "COMPRESSED", "slow_pdf"]


def _pdf(content: bytes, *objects: bytes, page: bytes = b"", box: bytes = b"0 0 200 200") -> bytes:
    """A PDF of one page whose content stream is compressed twice; more objects are numbered from 5."""
    twice = zlib.compress(zlib.compress(content, 9), 9)
    stream = b"<</Filter[/FlateDecode/FlateDecode]/Length %d>>stream\n%s\nendstream" % (len(twice), twice)
    kept = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[%s]/Contents 4 0 R%s>>" % (box, page),
        stream,
        *objects,
    ]
    numbered = [b"%d 0 obj\n%s\nendobj\n" % (number, each) for number, each in enumerate(kept, 1)]
    return b"%PDF-1.7\n" + b"".join(numbered) + b"trailer\n<</Root 1 0 R/Size %d>>\n%%%%EOF\n" % (len(kept) + 1)


def _pdf_image(
    form: bytes, data: bytes, width: int, height: int, depth: int = 8, space: bytes = b"/DeviceRGB"
) -> bytes:
    head = (
        b"<</Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent %d/ColorSpace/Device%s/Filter%s/Length %d>>"
    )
    image = head % (width, height, depth, space, form, len(data)) + b"stream\n" + data + b"\nendstream"
    return _pdf(b"200 0 0 200 0 0 cm /I Do", image, page=b"/Resources<</XObject<</I 5 0 R>>>>")


def _nested_forms() -> bytes:
    """Each form draws the next one ten times, ten deep."""
    forms = []
    for number in range(5, 15):
        body = b"/F Do " * 10
        resources = b"<</XObject<</F %d 0 R>>>>" % (number + 1)
        head = b"<</Type/XObject/Subtype/Form/BBox[0 0 200 200]/Resources%s/Length %d>>" % (resources, len(body))
        forms.append(head + b"stream\n" + body + b"\nendstream")
    return _pdf(b"/F Do", *forms, page=b"/Resources<</XObject<</F 5 0 R>>>>")


def _many_pages(count: int) -> bytes:
    kids = b"3 0 R " * count
    pages = b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, count)
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj"
        + pages
        + b"endobj\n3 0 obj"
        + page
        + (b"endobj\ntrailer<</Root 1 0 R>>\n%%EOF")
    )


def slow_pdf(strokes: int = 60_000) -> bytes:
    """A large page of so many strokes across it, each of which PDFium draws: little memory, much time."""
    return _pdf(b"0 0 m 1800 1800 l S 0 1800 m 1800 0 l S " * (strokes // 2), box=b"0 0 1800 1800")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _png(width: int, height: int, depth: int = 8, colour: int = 0, *more: bytes, interlaced: bool = False) -> bytes:
    """A PNG of that size; its pixels are zeros, of which there are as many as 30 MB hold."""
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    size = min(30_000_000, height * (1 + width * channels * depth // 8))
    data = zlib.compress(bytes(size), 9)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + b"".join(more) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _two_headers() -> bytes:
    second = _chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 6, 0, 0, 0))
    return _png(10, 10, 8, 6, second)


def _text_chunks(kind: bytes, count: int) -> bytes:
    swollen = zlib.compress(bytes(20_000_000), 9)
    head = {b"zTXt": b"k%d\0\0", b"iTXt": b"k%d\0\1\0\0\0", b"iCCP": b"k%d\0\0"}[kind]
    return _png(10, 10, 8, 0, *(_chunk(kind, head % number + swollen) for number in range(count)))


def _tiff(width: int, height: int, *more: tuple[int, int, int, int], data: bytes = b"", frames: int = 1) -> bytes:
    """A TIFF of one strip; `more` tags are (tag, type, count, value)."""
    tags = {256: (4, 1, width), 257: (4, 1, height), 258: (3, 1, 8), 259: (3, 1, 1), 262: (3, 1, 1), 273: (4, 1, 0),
            277: (3, 1, 1), 278: (4, 1, height), 279: (4, 1, len(data))}  # fmt: skip
    tags |= {tag: (kind, count, value) for tag, kind, count, value in more}
    size = 2 + 12 * len(tags) + 4
    tags[273] = (4, 1, 8 + frames * size)
    content = b"II*\0" + struct.pack("<I", 8)
    for frame in range(frames):
        entries = b"".join(struct.pack("<HHII", tag, *tags[tag]) for tag in sorted(tags))
        following = 8 + (frame + 1) * size if frame + 1 < frames else 0
        content += struct.pack("<H", len(tags)) + entries + struct.pack("<I", following)
    return content + data


def _loop_of_frames() -> bytes:
    content = bytearray(_tiff(10, 10, data=bytes(100)))
    content[8 + 2 + 12 * 9 :][:4] = struct.pack("<I", 8)
    return bytes(content[: 8 + 2 + 12 * 9]) + struct.pack("<I", 8) + bytes(content[8 + 2 + 12 * 9 + 4 :])


def _saved(form: str, image: Image.Image, **options: Any) -> bytes:
    content = io.BytesIO()
    image.save(content, form, **options)
    return content.getvalue()


def _large(form: str, mode: str, size: tuple[int, int], **options: Any) -> bytes:
    return _saved(form, Image.new(mode, size), **options)


def _frames(form: str, count: int, size: tuple[int, int] = (64, 64)) -> bytes:
    frames = [Image.new("L", size, number % 250) for number in range(count)]
    return _saved(form, frames[0], save_all=True, append_images=frames[1:])


def _patched(content: bytes, old: bytes, new: bytes) -> bytes:
    if old not in content:
        raise ValueError(f"{old!r} is not in the file")
    return content.replace(old, new)


def _webp_canvas() -> bytes:
    """An extended WebP whose canvas is 16384 x 16384."""
    canvas = b"\x12\0\0\0" + b"\xff\x3f\0" * 2
    return b"RIFF" + struct.pack("<I", 22 + 8) + b"WEBPVP8X" + struct.pack("<I", 10) + canvas + b"VP8 \0\0\0\0"


def _jpeg_scans(side: int, scans: int) -> bytes:
    """A progressive JPEG that refines all its pixels again and again."""
    content = _saved("JPEG", Image.new("L", (side, side), 99), progressive=True)
    last = content.rindex(b"\xff\xda")
    scan = content[last:-2]
    return content[:-2] + scan * scans + content[-2:]


def _jpeg_size(width: int, height: int) -> bytes:
    content = bytearray(_saved("JPEG", Image.new("L", (16, 16), 99)))
    place = content.index(b"\xff\xc0") + 5
    content[place : place + 4] = struct.pack(">HH", height, width)
    return bytes(content)


def _heif(form: str, size: int) -> bytes:
    """A small picture whose `ispe` box claims another size."""
    image = Image.new("RGB", (64, 64), "white")
    if form == "AVIF":
        content = _saved("AVIF", image)
    else:
        import pillow_heif

        buffer = io.BytesIO()
        pillow_heif.from_pillow(image).save(buffer)
        content = buffer.getvalue()
    return _patched(
        content, b"ispe\0\0\0\0" + struct.pack(">II", 64, 64), b"ispe\0\0\0\0" + struct.pack(">II", size, size)
    )


def _jpeg2000(width: int, height: int, tile: int) -> bytes:
    """A codestream's header (SIZ) of that size, in tiles of that side."""
    content = _saved("JPEG2000", Image.new("L", (64, 64), 9), no_jp2=True)
    start = content.index(b"\xff\x51") + 6
    size = struct.pack(">IIIIIIII", width, height, 0, 0, tile, tile, 0, 0)
    return content[:start] + size + content[start + 32 :]


def _netpbm(kind: bytes, width: int, height: int) -> bytes:
    return kind + b"\n%d %d\n255\n" % (width, height) + bytes(1000)


def _bmp(width: int, height: int, depth: int = 24, compression: int = 0) -> bytes:
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, depth, compression, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54 + 2000, 0, 0, 54) + info + bytes(2000)


def _gif(width: int, height: int, frames: int) -> bytes:
    frame = b"\x2c" + struct.pack("<HHHH", 0, 0, width, height) + b"\0\x02\x02\x44\x01\0"
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(6) + frame * frames + b"\x3b"


_MILLION = 1_000_000
# Each by its name and what makes it.
BOMBS: dict[str, Callable[[], bytes]] = {
    "pdf: 150 million times q": partial(lambda: _pdf(b"q " * (150 * _MILLION))),
    "pdf: numbers without operator": lambda: _pdf(b"1 " * (40 * _MILLION)),
    "pdf: nested arrays": lambda: _pdf(b"[" * (20 * _MILLION)),
    "pdf: nested dictionaries": lambda: _pdf(b"<<" * (10 * _MILLION)),
    "pdf: a long path": lambda: _pdf(b"0 0 m " + b"9 9 l " * (10 * _MILLION) + b"S"),
    "pdf: a long text": lambda: _pdf(b"BT (" + b"8" * (50 * _MILLION) + b") Tj ET"),
    "pdf: a picture of 10 gigapixels": lambda: _pdf_image(b"/FlateDecode", zlib.compress(bytes(10**6)), 10**5, 10**5),
    "pdf: a large picture, deflated": lambda: _pdf_image(
        b"/FlateDecode", zlib.compress(bytes(3 * 60 * _MILLION), 9), 10_000, 6_000
    ),
    "pdf: a picture in run lengths": lambda: _pdf_image(b"/RunLengthDecode", b"\x81\0" * 400_000, 7_000, 7_000),
    "pdf: a stencil": lambda: _pdf_image(
        b"/FlateDecode", zlib.compress(bytes(10**6)), 60_000, 60_000, 1, b"/DeviceGray"
    ),
    "pdf: forms in forms": _nested_forms,
    "pdf: a million pages": lambda: _many_pages(_MILLION),
    "pdf: an endless page": lambda: _pdf(b"", box=b"0 0 1e30 1e30"),
    "pdf: a narrow page": lambda: _pdf(b"", box=b"0 0 1 2e7"),
    "pdf: pages that are their own parents": lambda: _patched(_pdf(b""), b"Kids[3 0 R]", b"Kids[2 0 R]"),
    "png: 1.6 gigapixels": lambda: _png(40_000, 40_000),
    "png: one column": lambda: _png(1, 400 * _MILLION),
    "png: one row": lambda: _png(400 * _MILLION, 1),
    "png: 88 megapixels of 16-bit RGBA": lambda: _png(11_000, 8_000, 16, 6),
    "png: 88 megapixels, interlaced": lambda: _png(11_000, 8_000, 8, 6, interlaced=True),
    "png: two headers": _two_headers,
    "png: a million chunks": lambda: _png(28, 28, 8, 0, *[_chunk(b"tEXt", b"a\0b")] * _MILLION),
    "png: compressed texts": lambda: _text_chunks(b"zTXt", 20),
    "png: international texts": lambda: _text_chunks(b"iTXt", 20),
    "png: a compressed profile": lambda: _text_chunks(b"iCCP", 1),
    "png: animated": lambda: _frames("PNG", 300),
    "tiff: 4 gigapixels": lambda: _tiff(65_000, 65_000, data=bytes(100)),
    "tiff: one column": lambda: _tiff(1, 2**31, data=bytes(100)),
    "tiff: 88 megapixels deflated": lambda: _tiff(
        11_000, 8_000, (259, 3, 1, 8), data=zlib.compress(bytes(88 * _MILLION), 9)
    ),
    "tiff: 40 megapixels of floats": lambda: _tiff(
        8_000,
        5_000,
        (258, 3, 1, 32),
        (339, 3, 1, 3),
        (259, 3, 1, 8),
        data=zlib.compress(bytes(4 * 40 * _MILLION), 9),
    ),
    "tiff: frames without end": _loop_of_frames,
    "tiff: 5,000 frames": lambda: _tiff(10, 10, data=bytes(100), frames=5_000),
    "tiff: 3 frames of 40 megapixels": lambda: _tiff(
        8_000, 5_000, (259, 3, 1, 8), data=zlib.compress(bytes(40 * _MILLION), 9), frames=3
    ),
    "tiff: tags of a gigabyte": lambda: _tiff(10, 10, (270, 2, 2**30, 8), data=bytes(100)),
    "webp: a large canvas": _webp_canvas,
    "webp: 80 megapixels": lambda: _large("WEBP", "RGBA", (16_000, 5_000), lossless=True, method=0),
    "webp: animated": lambda: _frames("WEBP", 200),
    "jpeg 2000: 4 gigapixels": lambda: _jpeg2000(65_000, 65_000, 65_000),
    "jpeg 2000: one column": lambda: _jpeg2000(1, 2**31 - 1, 2**31 - 1),
    "jpeg 2000: tiles of one pixel": lambda: _jpeg2000(9_000, 9_000, 1),
    "heic: 3.6 gigapixels": lambda: _heif("HEIC", 60_000),
    "heic: 81 megapixels": lambda: _heif("HEIC", 9_000),
    "avif: 3.6 gigapixels": lambda: _heif("AVIF", 60_000),
    "gif: 4.3 gigapixels": lambda: _gif(65_535, 65_535, 1),
    "gif: a million frames": lambda: _gif(9_000, 9_000, _MILLION),
    "gif: 81 megapixels": lambda: _gif(9_000, 9_000, 1),
    "jpeg: 4.3 gigapixels": lambda: _jpeg_size(65_500, 65_500),
    "jpeg: one column": lambda: _jpeg_size(1, 65_500),
    "jpeg: 88 megapixels in a kilobyte": lambda: _jpeg_size(11_000, 8_000),
    "jpeg: 300 scans": lambda: _jpeg_scans(2_000, 300),
    "bmp: 4 gigapixels": lambda: _bmp(65_000, 65_000),
    "bmp: 81 megapixels in runs": lambda: _bmp(9_000, 9_000, 8, 1),
    "pgm: one row": lambda: _netpbm(b"P5", 2**31, 1),
    "pgm: 81 megapixels of text": lambda: _netpbm(b"P2", 9_000, 9_000),
}


def _layers(depth: int, compress: Callable[[bytes], bytes]) -> bytes:
    content = bytes(100 * _MILLION)
    for _ in range(depth):
        content = compress(content)
    return content


# Bodies with a Content-Encoding.
COMPRESSED: dict[str, tuple[str, Callable[[], bytes]]] = {
    "gzip": ("gzip", lambda: _layers(1, gzip.compress)),
    "gzip in gzip": ("gzip", lambda: _layers(2, gzip.compress)),
    "deflate": ("deflate", lambda: _layers(1, zlib.compress)),
    "deflate in deflate": ("deflate", lambda: _layers(3, zlib.compress)),
    "gzip members": ("gzip", lambda: gzip.compress(bytes(1000)) * 200_000),
}

"""POST /v1/read: one reading a page, whatever was sent."""

from __future__ import annotations

import io
import re
import struct
import subprocess
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.reading.reader import Reader
from tests.images.test_pdf import BROKEN_PAGE
from tests.serving.server import BOUNDARY, Served, form, png


def test_a_picture_is_read_as_the_reader_reads_it(served: Served, digits: LabelledDigits) -> None:
    reader = Reader.load()
    for image in digits.images[:8]:
        reading = served.reading(png(image))
        expected = reader.read(png(image)).to_dict()
        assert reading["string"] == expected["string"]
        assert reading["digits"] == [
            {**digit, "probability": pytest.approx(digit["probability"], abs=1e-5)}
            | {name: pytest.approx(digit[name], abs=1e-5) for name in ("second_probability", "probabilities")}
            for digit in expected["digits"]
        ]


def test_several_pictures_in_one_form(served: Served, digits: LabelledDigits) -> None:
    body = form(png(255 - digits.images[0]), b"not a picture", png(np.full((40, 40), 255, np.uint8)))
    answer = served.ask("POST", "/v1/read", body, BOUNDARY)
    assert answer.status == 200
    readings = answer.json["readings"]
    assert [reading["path"] for reading in readings] == ["0.png", "1.png", "2.png"]
    assert [reading["outcome"] for reading in readings] == ["read", "error", "blank"]
    assert readings[0]["string"] == "7"


def _pages(count: int, digits: LabelledDigits) -> bytes:
    pages = [Image.fromarray(image) for image in digits.images[:count]]
    content = io.BytesIO()
    pages[0].save(content, "TIFF", save_all=True, append_images=pages[1:])
    return content.getvalue()


def test_every_page_of_a_file_is_answered(served: Served, digits: LabelledDigits) -> None:
    readings = served.read(_pages(3, digits)).json["readings"]
    assert [(one["page"], one["string"]) for one in readings] == [(1, "7"), (2, "2"), (3, "1")]
    body = form(_pages(2, digits), png(digits.images[2]), _pages(1, digits))
    readings = served.ask("POST", "/v1/read", body, BOUNDARY).json["readings"]
    assert [(one["path"], one["page"]) for one in readings] == [("0.png", 1), ("0.png", 2), ("1.png", 1), ("2.png", 1)]
    assert served.reading(_pages(1, digits))["string"] == "7"


def test_more_pages_than_are_read_are_an_error_that_names_their_number(served: Served) -> None:
    many = [Image.new("1", (1, 1))] * 65
    content = io.BytesIO()
    many[0].save(content, "TIFF", save_all=True, append_images=many[1:])
    assert served.reading(content.getvalue())["error"].startswith("65 pages, expected at most 64")
    assert served.reading(BROKEN_PAGE)["error"].startswith("page 1 is damaged")


def test_pictures_that_arrive_together_are_read_as_they_are_alone(served: Served, digits: LabelledDigits) -> None:
    """Only the requests with a damaged picture or a region outside of it get an error."""
    sent: list[tuple[bytes, str]] = []
    for number, image in enumerate(digits.images[:24]):
        sent.append((png(image), ""))
        if number % 4 == 0:
            sent += [(png(image)[:-60], ""), (png(image), "?region=0,0,999,999"), (png(image), "?length=1")]
    alone = [served.reading(*one) for one in sent]
    with ThreadPoolExecutor(16) as pool:
        together = list(pool.map(lambda one: served.reading(*one), sent * 3))
    for reading, expected in zip(together, alone * 3, strict=True):
        assert {name: reading[name] for name in ("outcome", "string", "error")} == {
            name: expected[name] for name in ("outcome", "string", "error")
        }
    assert [reading["outcome"] for reading in alone[:4]] == ["read", "error", "error", "read"]


def test_region_and_length(served: Served, digits: LabelledDigits) -> None:
    sheet = png(np.hstack([digits.images[0], np.zeros((28, 28), np.uint8), digits.images[1]]))
    assert served.reading(sheet)["string"] == "72"
    assert served.reading(sheet, "?region=56,0,28,28")["string"] == "2"
    assert served.reading(sheet, "?length=2")["string"] == "72"
    assert "region" in served.reading(sheet, "?region=0,0,999,999")["error"]


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("?region=1,2,3", "region: expected x,y,width,height in pixels"),
        ("?region=-1,0,3,3", "region: expected x,y,width,height in pixels"),
        ("?length=0", "length: expected the number of digits, 1 to 1000"),
        ("?length=two", "length: expected the number of digits, 1 to 1000"),
    ],
)
def test_a_wrong_region_or_length_is_a_problem(served: Served, digits: LabelledDigits, query: str, detail: str) -> None:
    answer = served.read(png(digits.images[0]), query)
    assert answer.status == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(answer.json) == {"type", "title", "status", "detail"}
    assert answer.json["detail"] == detail


@pytest.mark.parametrize("body", [b"", b"hello", b"\x89PNG\r\n\x1a\n", b"GIF89a"])
def test_a_body_that_is_not_a_picture_is_a_reading_with_an_error(served: Served, body: bytes) -> None:
    reading = served.reading(body)
    assert (reading["outcome"], reading["string"], reading["digits"]) == ("error", "", [])
    assert reading["error"]
    assert "bytes" not in reading["error"]


def test_reading_a_picture_does_not_import_keras(digits: LabelledDigits) -> None:
    code = (
        "import asyncio, sys\n"
        "from starlette.testclient import TestClient\n"
        "from inkdigits.serving.application import build_app\n"
        "from inkdigits.serving.settings import Settings\n"
        "client = TestClient(build_app(Settings()), base_url='http://localhost')\n"
        f"answer = client.post('/v1/read', content={png(digits.images[0])!r}, headers={{'content-type': 'image/x'}})\n"
        "frameworks = {'keras', 'jax', 'tensorflow', 'torch', 'onnx'}\n"
        "print(answer.json()['readings'][0]['string'], sorted(frameworks & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.stdout == "7 []\n", result.stderr


def _peak_memory(server: Served) -> int:
    """In kB, since the server's start."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0])


def test_a_decompression_bomb_is_not_decoded(stressed: Served) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 40_000, 40_000, 8, 0, 0, 0, 0)
    bomb = (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(10**6))) + chunk(b"IEND", b"")
    )
    before = _peak_memory(stressed)
    assert stressed.reading(bomb)["outcome"] == "error"
    # Its pixels alone would be 1.6 GB.
    assert _peak_memory(stressed) - before < 500_000


def test_a_png_header_with_a_false_size(stressed: Served) -> None:
    honest = bytearray(png(np.full((3000, 4000), 255, np.uint8)))
    honest[16:24] = struct.pack(">II", 10, 10)
    assert stressed.reading(bytes(honest))["outcome"] == "error"

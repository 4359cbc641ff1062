"""Forms, well-formed and not, and other content types."""

from __future__ import annotations

import asyncio
import tempfile
from typing import Any

import pytest
from starlette.requests import Request

from inkdigits.serving.multipart import form_files
from tests.serving.server import BOUNDARY, Served, form

FIELD = b"--cut\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n"


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"x", {"Content-Type": "text/plain"}, 415),
        (b"a=b", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
        (b"x", {}, 415),
        (b"x", {"Content-Type": "multipart/form-data"}, 400),
        (b"no form", BOUNDARY, 400),
        (form(b"x")[:-20], BOUNDARY, 400),
        (FIELD + b"--cut--\r\n", BOUNDARY, 422),
        (FIELD * 100 + b"--cut--\r\n", BOUNDARY, 413),
        (FIELD.replace(b"; name=a", b"") + b"--cut--\r\n", BOUNDARY, 400),
        (form(*[b"x"] * 100), BOUNDARY, 413),
        (b"x", {"Content-Type": "image/png", "Content-Encoding": "br"}, 415),
        (b"x", {"Content-Type": "image/png", "Content-Encoding": "gzip"}, 400),
    ],
)
def test_wrong_content(served: Served, body: bytes, headers: dict[str, str], status: int) -> None:
    assert served.ask("POST", "/v1/read", body, headers).status == status


def test_a_large_file_is_not_written_to_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_file(*_: Any, **__: Any) -> None:
        raise AssertionError("a temporary file on disk")

    monkeypatch.setattr(tempfile, "TemporaryFile", no_file)
    large = bytes(5 * 2**20)
    body = form(large)

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    headers = [(b"content-type", BOUNDARY["Content-Type"].encode())]
    request = Request({"type": "http", "method": "POST", "headers": headers}, receive)
    assert asyncio.run(form_files(request, 1)) == [("0.png", large)]

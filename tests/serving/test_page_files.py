"""The page's files."""

from __future__ import annotations

from pathlib import Path

import pytest

from inkdigits.errors import ServingError
from inkdigits.serving.settings import check_site
from tests.serving.server import Served, serving


def test_the_page_and_its_parts_come_from_here(served: Served) -> None:
    page = served.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert b"//" not in page.body.replace(b"<!doctype html>", b"")
    assert served.get("/", **{"If-None-Match": page.headers["etag"]}).status == 304
    assert b"image/*,.heic,.pdf," in page.body  # an install without them: tests/journeys
    assert b"a PDF" in page.body
    assert served.get("/docs").status == 200
    assert served.get("/favicon.ico").headers["content-type"] == "image/svg+xml"


def test_a_site_adds_the_reader_and_no_other_file(tmp_path: Path) -> None:
    site = tmp_path / "site"
    for name in ("reader/worker.js", "runtime/onnxruntime.wasm", "secret.txt"):
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text("1")
    with serving("--site", site, "--quiet") as server:
        page = server.get("/")
        assert b'content="server device"' in page.body
        assert "'wasm-unsafe-eval'" in page.headers["content-security-policy"]
        worker = server.get("/reader/worker.js")
        assert worker.headers["content-type"].startswith("text/javascript")
        assert worker.headers["cross-origin-embedder-policy"] == "require-corp"
        assert server.get("/reader/..%2fsecret.txt").status == 404
        assert server.get("/secret.txt").status == 404
        assert "'wasm-unsafe-eval'" not in server.get("/docs").headers["content-security-policy"]


def test_what_is_no_site(tmp_path: Path) -> None:
    with pytest.raises(ServingError, match="inkdigits page --out"):
        check_site(tmp_path)
    assert check_site(None) is None
